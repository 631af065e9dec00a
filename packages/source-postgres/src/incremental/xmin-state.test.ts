import { expect, it } from 'vitest'
import type { XminState } from '../checkpoint-state.ts'
import { assertComparable } from './xmin-state.ts'

const identity = { system: '1', timeline: 1, database: '5' }
const withheld = { system: null, timeline: null, database: '5' }

function state(horizon: bigint, source: XminState['source'] = identity): XminState {
  return {
    version: 1,
    phase: 'incremental',
    guard: 'xmin',
    source,
    horizon: String(horizon),
    deliveredXids: '',
    parts: [],
  }
}

function compare(
  of: XminState,
  { xmin = 5_000_000_000n, xmax, now }: { xmin?: bigint; xmax?: bigint; now?: XminState['source'] } = {},
): void {
  assertComparable(of, { key: 'sales.orders', snapshot: { xmin, xmax: xmax ?? xmin }, identity: now ?? identity })
}

it('compares ids as long as 32 bits order them', () => {
  compare(state(5_000_000_000n))
  compare(state(5_000_000_000n - 2n ** 31n + 2n))
  expect(() => compare(state(5_000_000_000n - 2n ** 31n + 1n))).toThrow(
    expect.objectContaining({ code: 'POSTGRES_CHECKPOINT_UNUSABLE' }),
  )
})

it('refuses a state that the server is behind', () => {
  expect(() => compare(state(5_000_000_001n), { xmax: 6_000_000_000n })).toThrow(
    expect.objectContaining({ code: 'POSTGRES_SOURCE_REPLACED' }),
  )
})

it('takes a server that withholds its identity for the same, but not for one that tells it', () => {
  compare(state(5n, withheld), { xmin: 6n, now: withheld })
  for (const [before, now] of [
    [withheld, identity],
    [identity, withheld],
    [identity, { ...identity, timeline: 2 }],
    [withheld, { ...withheld, database: '6' }],
  ] as const) {
    expect(() => compare(state(5n, before), { xmin: 6n, now })).toThrow(
      expect.objectContaining({ code: 'POSTGRES_SOURCE_REPLACED' }),
    )
  }
})
