import { createHash } from 'node:crypto'
import { streamKey } from '@eclusa/sdk'
import type { Checkpoint } from '@eclusa/sdk'
import { parseState } from '../checkpoint-state.ts'
import type { CopyState, ReplicatingState, SharedState, StreamState } from '../checkpoint-state.ts'
import { compareLsn, parseLsn } from './lsn.ts'
import { publicationScope } from './publication-scope.ts'
import type { PublicationScope } from './publication-scope.ts'
import { isScoped, publishedSince } from './publication.ts'
import type { Publication } from './publication.ts'
import type { ReplicatedTable } from './replicated-table.ts'

/*
 * What a run does with each replicated stream. Reading the log on is right only if no change of the stream can have been
 * passed over since: it was among the streams that were followed in every run (its generation is the shared one), its table
 * is the same, and has been in the publication all the time, with the same row filter and list of columns.
 *
 * | checkpoint of the stream      | generation, table, publication | the run                                      |
 * |-------------------------------|--------------------------------|----------------------------------------------|
 * | none, or of another method    |                                | copies it                                    |
 * | copy                          | as they were                   | goes on with the copy                        |
 * | copy                          | others                         | copies it anew                               |
 * | replicating                   | as they were                   | reads the log on                             |
 * | replicating                   | others                         | copies it anew, and says why                 |
 */

export interface FollowPlan {
  readonly table: ReplicatedTable
  readonly publishedSince: string
  /** Which of its rows and columns are published. */
  readonly scope: PublicationScope
  /** Present when the log is read on. */
  readonly state?: ReplicatingState
  /** Present when the stream is copied; with the state of a copy that was interrupted, if it may go on. */
  readonly copy?: { readonly state: CopyState | undefined; readonly reason?: string }
}

export interface FollowPlanOptions {
  readonly tables: readonly ReplicatedTable[]
  readonly checkpoints: readonly Checkpoint[]
  readonly shared: SharedState | undefined
  readonly publication: Publication
  /** The publication left out kinds of changes until now. */
  readonly wasPartial: boolean
  /** Of the streams that are followed from here on: states that are gone on from become of this one. */
  readonly generation: number
}

/** @throws POSTGRES_CHECKPOINT_UNUSABLE */
export function planFollowing(options: FollowPlanOptions): FollowPlan[] {
  const states = new Map(options.checkpoints.map(({ stream, state }) => [streamKey(stream), { stream, state }]))
  return options.tables.map((table) => {
    const checkpoint = states.get(table.key)
    const state = checkpoint === undefined ? undefined : parseState(checkpoint, table.key)
    return planStream(table, state, options)
  })
}

function planStream(
  table: ReplicatedTable,
  state: StreamState | undefined,
  { shared, publication, wasPartial, generation }: FollowPlanOptions,
): FollowPlan {
  const since = publishedSince(publication, table)
  const plan = { table, publishedSince: since, scope: publicationScope(publication, table) }
  const anew = (reason?: string): FollowPlan => ({
    ...plan,
    copy: { state: undefined, ...(reason !== undefined && { reason }) },
  })
  const followed = state?.phase === 'replicating' ? state : state?.phase === 'copy' ? state.replication : undefined
  if (state === undefined || followed === undefined) return anew()
  if (shared === undefined) return anew('its place in the log is not known any longer')
  if (followed.generation !== shared.generation) return anew('it was left out for a while, and the log has gone on')
  if (followed.publishedSince !== since) {
    return isScoped(followed.publishedSince) || isScoped(since)
      ? anew('its row filter or list of columns in the publication was made, altered or removed')
      : anew('it was not in the publication all the time')
  }
  if (wasPartial) return anew('the publication left out some kinds of changes')
  if (state.phase === 'copy') {
    const isBefore = compareLsn(parseLsn(shared.position), parseLsn(followed.from)) <= 0
    const renewed = { ...state, replication: { ...followed, generation } }
    return isBefore
      ? { ...plan, copy: { state: renewed } }
      : anew('the log was read on while its copy was not complete')
  }
  if (state.phase === 'replicating' && state.table !== table.oid) return anew('its table was dropped and made again')
  return state.phase === 'replicating' ? { ...plan, state: { ...state, generation } } : anew()
}

/** A digest of the streams that are followed. */
export function membersDigest(tables: readonly ReplicatedTable[]): string {
  const keys = tables.map(({ key }) => key).toSorted()
  return createHash('sha256').update(JSON.stringify(keys)).digest('hex').slice(0, 16)
}

/** Grows whenever other streams are followed; begins with the time, so that no two histories have one in common. */
export function nextGeneration(shared: SharedState | undefined, members: string, nowMs: number): number {
  if (shared === undefined) return nowMs
  return shared.members === members ? shared.generation : Math.max(nowMs, shared.generation + 1)
}
