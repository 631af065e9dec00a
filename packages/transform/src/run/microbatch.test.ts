import { describe, expect, it } from 'vitest'
import type { ManifestNode } from '../manifest/node.ts'
import { batchesOf } from './microbatch.ts'

const now = new Date('2026-03-02T10:30:00Z')

function model(config: Readonly<Record<string, unknown>>): ManifestNode {
  return { name: 'm', original_file_path: 'models/m.sql', config } as unknown as ManifestNode
}

const windows = (config: Readonly<Record<string, unknown>>, bounds: object) =>
  batchesOf(model(config), { isIncremental: false, now, ...bounds }).map(
    ({ id, event_time_start: start, event_time_end: end }) => `${id}: ${start} to ${end}`,
  )

describe('the windows of a microbatch model', () => {
  it('begin where the model says when it is built for the first time', () => {
    expect(windows({ batch_size: 'month', begin: '2026-01-15' }, {})).toEqual([
      '202601: 2026-01-01 00:00:00+00:00 to 2026-02-01 00:00:00+00:00',
      '202602: 2026-02-01 00:00:00+00:00 to 2026-03-01 00:00:00+00:00',
      '202603: 2026-03-01 00:00:00+00:00 to 2026-04-01 00:00:00+00:00',
    ])
  })

  it('are the current one and those looked back to later on', () => {
    expect(
      windows({ batch_size: 'day', lookback: 2 }, { isIncremental: true }).map((text) => text.slice(0, 8)),
    ).toEqual(['20260228', '20260301', '20260302'])
  })

  it('are bounded by the times asked for, the last one exactly', () => {
    expect(windows({ batch_size: 'hour' }, { start: '2026-03-01 22:10', end: '2026-03-02T00:30:00' })).toEqual([
      '20260301T22: 2026-03-01 22:00:00+00:00 to 2026-03-01 23:00:00+00:00',
      '20260301T23: 2026-03-01 23:00:00+00:00 to 2026-03-02 00:00:00+00:00',
      '20260302T00: 2026-03-02 00:00:00+00:00 to 2026-03-02 00:30:00+00:00',
    ])
  })

  it('need a size, and a begin the first time', () => {
    expect(() => windows({ batch_size: 'week' }, {})).toThrow(/batch_size/u)
    expect(() => windows({ batch_size: 'day' }, {})).toThrow(/begin/u)
  })
})
