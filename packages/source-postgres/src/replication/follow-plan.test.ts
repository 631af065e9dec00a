import type { Checkpoint } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { stateJson } from '../checkpoint-state.ts'
import type { CopyState, ReplicatingState, SharedState, StreamState } from '../checkpoint-state.ts'
import { membersDigest, nextGeneration, planFollowing } from './follow-plan.ts'
import type { Publication } from './publication.ts'
import type { ReplicatedTable } from './replicated-table.ts'

const table: ReplicatedTable = {
  key: 'public.item',
  oid: 100,
  schemaName: 'public',
  name: 'item',
  isPartitioned: false,
  generatedColumns: [],
  ancestors: [],
  isRowSecurityActive: false,
  parts: [],
}

const publication: Publication = {
  oid: 7,
  name: 'p',
  owner: 'o',
  publishes: { insert: true, update: true, delete: true, truncate: true },
  isViaRoot: true,
  isForAllTables: false,
  hasGenerated: false,
  tables: [
    {
      oid: 100,
      isPartitioned: false,
      schemaName: 'public',
      name: 'item',
      columns: undefined,
      rowFilter: undefined,
      filterColumns: [],
    },
  ],
  entries: new Map([[100, 70]]),
  scopedTables: new Set(),
}

const shared: SharedState = {
  version: 1,
  slot: 's',
  publication: 'p',
  systemId: '1',
  timeline: 1,
  database: '5',
  position: '0/200',
  generation: 3,
  members: membersDigest([table]),
}

const followed = { from: '0/200', copiedAt: '0/200', generation: 3, publishedSince: '7/70' }
const replicating: ReplicatingState = { version: 1, phase: 'replicating', table: 100, ...followed }
const copying: CopyState = {
  version: 1,
  phase: 'copy',
  mode: 'incremental',
  source: { system: '1', timeline: 1, database: '5' },
  snapshot: { xmin: '10', xmax: '10' },
  recentXids: '',
  fingerprint: 'f',
  parts: [],
  replication: followed,
}

function plan(state: StreamState | undefined, before: SharedState | undefined, wasPartial = false): string {
  const stream = { namespace: 'public', name: 'item' }
  const checkpoints: Checkpoint[] = state === undefined ? [] : [{ stream, state: stateJson(state) }]
  const [planned] = planFollowing({
    tables: [table],
    checkpoints,
    shared: before,
    publication,
    wasPartial,
    generation: 4,
  })
  if (planned?.state !== undefined) return `reads on, generation ${planned.state.generation}`
  const { state: earlier, reason } = planned?.copy ?? {}
  if (earlier !== undefined) return `goes on with the copy, generation ${earlier.replication?.generation}`
  return reason === undefined ? 'copies' : `copies anew: ${reason}`
}

describe('what a run does with a replicated stream', () => {
  const { replication: _, ...byCursor } = copying
  const leftOut = 'copies anew: it was left out for a while, and the log has gone on'
  const unpublished = 'copies anew: it was not in the publication all the time'
  const rescoped = 'copies anew: its row filter or list of columns in the publication was made, altered or removed'
  const unknown = 'copies anew: its place in the log is not known any longer'
  it.each<[string, StreamState | undefined, SharedState | undefined, string]>([
    ['no checkpoint', undefined, shared, 'copies'],
    ['another method', { version: 1, phase: 'complete' }, shared, 'copies'],
    ['a copy of another method', byCursor, shared, 'copies'],
    ['replicating', replicating, shared, 'reads on, generation 4'],
    ['an older generation', { ...replicating, generation: 2 }, shared, leftOut],
    ['another entry in the publication', { ...replicating, publishedSince: '7/71' }, shared, unpublished],
    ['a row filter that is gone', { ...replicating, publishedSince: '7/69/abc' }, shared, rescoped],
    ['another table', { ...replicating, table: 101 }, shared, 'copies anew: its table was dropped and made again'],
    ['no shared state', replicating, undefined, unknown],
    ['a copy', copying, shared, 'goes on with the copy, generation 4'],
    ['a copy of an older generation', { ...copying, replication: { ...followed, generation: 2 } }, shared, leftOut],
    [
      'a copy that the log was read beyond',
      copying,
      { ...shared, position: '0/201' },
      'copies anew: the log was read on while its copy was not complete',
    ],
  ])('%s', (_name, state, before, expected) => {
    expect(plan(state, before)).toBe(expected)
  })
})

it('copies a stream anew when the publication left out kinds of changes', () => {
  expect(plan(replicating, shared, true)).toBe('copies anew: the publication left out some kinds of changes')
})

it('begins a new generation whenever other streams are followed, and no generation twice', () => {
  expect(nextGeneration(undefined, 'a', 1000)).toBe(1000)
  expect(nextGeneration({ ...shared, members: 'a' }, 'a', 1000)).toBe(3)
  expect(nextGeneration({ ...shared, members: 'a' }, 'b', 1000)).toBe(1000)
  expect(nextGeneration({ ...shared, members: 'a', generation: 2000 }, 'b', 1000)).toBe(2001)
})

it('knows a set of streams in whatever order', () => {
  const other = { ...table, key: 'public.other' }
  expect(membersDigest([table, other])).toBe(membersDigest([other, table]))
  expect(membersDigest([table, other])).not.toBe(membersDigest([table]))
})
