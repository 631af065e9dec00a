import { describe, expect, it } from 'vitest'
import { ageOf, beginningOfTime, freshnessStatus, hasFreshness, momentOf } from './source-age.ts'
import type { SourceNode } from '../manifest/node.ts'

describe('the age of a source', () => {
  it('is exact to the microsecond, whatever the offset', () => {
    const loaded = momentOf('2026-01-01 12:00:00.000001')
    const now = momentOf('2026-01-01 14:00:01.5+01:00')
    expect(loaded.text).toBe('2026-01-01T12:00:00.000001+00:00')
    expect(now.text).toBe('2026-01-01T13:00:01.500000+00:00')
    expect(ageOf(loaded, now)).toBe(3601.499999)
  })

  it('takes a date for its first moment, and no rows for the first moment of all', () => {
    expect(momentOf('2026-01-01').text).toBe('2026-01-01T00:00:00+00:00')
    expect(beginningOfTime.text).toBe('0001-01-01T00:00:00+00:00')
  })

  it('refuses what is no timestamp', () => {
    expect(() => momentOf('17')).toThrow(expect.objectContaining({ code: 'FRESHNESS_UNKNOWN' }))
  })

  it('is too old only beyond a threshold, the graver one first', () => {
    const criteria = {
      warn_after: { count: 1, period: 'hour' },
      error_after: { count: 2, period: 'hour' },
      filter: null,
    } as const
    expect([3600, 3601, 7201].map((age) => freshnessStatus(age, criteria))).toEqual(['pass', 'warn', 'error'])
    const unlimited = {
      ...criteria,
      warn_after: { count: null, period: null },
      error_after: { count: null, period: null },
    }
    expect(freshnessStatus(1e9, unlimited)).toBe('pass')
    expect(hasFreshness({ freshness: unlimited } as unknown as SourceNode)).toBe(false)
    expect(hasFreshness({ freshness: criteria } as unknown as SourceNode)).toBe(true)
  })
})
