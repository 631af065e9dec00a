import { expect, it } from 'vitest'
import { VersionFilter } from './version-filter.ts'

const wrap = 2n ** 32n

it('leaves out what was delivered, and remembers what is from the new horizon on', () => {
  const filter = new VersionFilter({
    horizon: 100n,
    delivered: new Set([105n, 130n]),
    snapshot: { xmin: 120n, xmax: 140n },
  })
  expect(['100', '105', '119', '120', '130', '131'].map((xid) => filter.accepts(xid))).toEqual([
    true,
    false,
    true,
    true,
    false,
    true,
  ])
  expect([...filter.delivered]).toEqual([130n, 120n, 131n])
})

it('counts on across the wrap of 32 bits', () => {
  const filter = new VersionFilter({
    horizon: wrap - 10n,
    delivered: new Set([wrap + 5n]),
    snapshot: { xmin: wrap + 4n, xmax: wrap + 20n },
  })
  expect([String(wrap - 10n), '3', '4', '5'].map((xid) => filter.accepts(xid))).toEqual([true, true, true, false])
  expect([...filter.delivered]).toEqual([wrap + 5n, wrap + 4n])
})

it('lets whole transactions wait when it can remember no more, and delivers them later', () => {
  const first = new VersionFilter({ horizon: 10n, delivered: new Set(), snapshot: { xmin: 10n, xmax: 20n }, idsMax: 2 })
  expect(['12', '13', '14', '12', '14', '13'].map((xid) => first.accepts(xid))).toEqual([
    true,
    true,
    false,
    true,
    false,
    true,
  ])
  expect(first.rowsDeferred).toBe(2)
  const second = new VersionFilter({
    horizon: 10n,
    delivered: first.delivered,
    snapshot: { xmin: 20n, xmax: 20n },
    idsMax: 2,
  })
  expect(['12', '13', '14'].map((xid) => second.accepts(xid))).toEqual([false, false, true])
  expect(second.delivered.size).toBe(0)
})
