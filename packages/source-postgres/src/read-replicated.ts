import assert from 'node:assert'
import { arrivesAsChanges, checkpointState, sharedState, streamKey } from '@eclusa/sdk'
import type { Checkpoint, ReadRequest, SourceMessage, SourceReader } from '@eclusa/sdk'
import { parseSharedState, parseState, readFromOf, sharedCheckpoint, stateJson } from './checkpoint-state.ts'
import type { PostgresConfig } from './config.ts'
import type { CopyRequest } from './copy/copy-streams.ts'
import { readSnapshotTime } from './copy/exported-snapshot.ts'
import { readBackfills } from './read-backfills.ts'
import { ReadRun } from './read-run.ts'
import { readStreams } from './read-streams.ts'
import { assertReadable } from './readable-stream.ts'
import { ChangeFollower, confirmAfterwards } from './replication/change-follower.ts'
import type { ChangeFollowerOptions, FollowedStream } from './replication/change-follower.ts'
import type { FollowPlan } from './replication/follow-plan.ts'
import { parseLsn } from './replication/lsn.ts'
import { withoutUnpublished } from './replication/publication-scope.ts'
import { ReplicationStart } from './replication/replication-start.ts'
import type { ReplicationSettings } from './replication/replication-settings.ts'
import { warnOfUnsentColumns } from './replication/unsent-columns.ts'
import { resolveStreams } from './source-stream.ts'
import type { SourceStream } from './source-stream.ts'

/*
 * A run in which streams are replicated:
 *
 *   1. Server, slot and publication are verified, or made; see replication/replication-start.ts.
 *   2. In one snapshot: streams of other kinds are read to their end, and replicated streams that are new are copied. Nothing
 *      is acknowledged meanwhile, so that the slot keeps what comes after the snapshot.
 *   3. The log is read from where the checkpoint stands; changes that a stream's copy has already are left out.
 */

/** Reads the configured streams, those that are replicated among them. */
export function readReplicated(request: ReadRequest<PostgresConfig>, settings: ReplicationSettings): SourceReader {
  let follower: ChangeFollower | undefined
  return {
    [Symbol.asyncIterator]: () => readMessages(request, settings, (started) => (follower = started)),
    acknowledge: async (checkpoints) => {
      if (checkpointState(checkpoints, sharedState) === undefined) return
      const position = parseLsn(readFromOf(parseSharedState(checkpoints)!))
      // What is committed after the log was left is confirmed on a connection of its own.
      if (follower?.isEnded === true) await confirmAfterwards(request, settings, position)
      else follower?.acknowledge(position)
    },
  }
}

async function* readMessages(
  request: ReadRequest<PostgresConfig>,
  settings: ReplicationSettings,
  onFollow: (follower: ChangeFollower) => void,
): AsyncGenerator<SourceMessage, void, undefined> {
  const { config, catalog, checkpoints, signal, log } = request
  const chosen = catalog.streams.filter(arrivesAsChanges)
  const start = await ReplicationStart.prepare({ config, settings, streams: chosen, checkpoints, signal, log })
  const followed: FollowedStream[] = []
  try {
    if (start.isNew) yield { type: 'checkpoint', checkpoints: renewedCheckpoints(start) }
    yield* readInSnapshot(request, start, (streams) => followed.push(...streams))
  } finally {
    await start[Symbol.asyncDispose]()
  }
  const follower = await ChangeFollower.open({
    request,
    settings,
    start,
    followed,
    ...detourOf(request, settings, { start, followed }),
  })
  onFollow(follower)
  yield* follower.messages()
}

/** What is asked for beside changes is read on the way. */
function detourOf(
  request: ReadRequest<PostgresConfig>,
  settings: ReplicationSettings,
  { start, followed }: { readonly start: ReplicationStart; readonly followed: readonly FollowedStream[] },
): Pick<ChangeFollowerOptions, 'detour'> {
  if ((request.backfills ?? []).length === 0) return {}
  const streams = followed.map(({ source }) => ({ source, rowFilters: planOf(start, source).scope.rowFilters }))
  return { detour: (log) => readBackfills({ request, settings, followed: streams }, log) }
}

/** The shared state, and those of all streams that are still followed: they are of one generation from here on. */
function renewedCheckpoints({ plans, shared }: ReplicationStart): Checkpoint[] {
  const kept = plans.flatMap(({ table, state, copy }) => {
    const goesOn = state ?? copy?.state
    const stream = { namespace: table.schemaName, name: table.name }
    return goesOn === undefined ? [] : [{ stream, state: stateJson(goesOn) }]
  })
  return [sharedCheckpoint(shared), ...kept]
}

/** Reads what is not followed, and copies what is new; then tells `onCopied` where in the log each stream goes on. */
async function* readInSnapshot(
  { config, catalog, checkpoints, budget, signal, log }: ReadRequest<PostgresConfig>,
  start: ReplicationStart,
  onCopied: (streams: readonly FollowedStream[]) => void,
): AsyncGenerator<SourceMessage, void, undefined> {
  const snapshotId = start.copyPoint?.snapshotId
  await using run = await ReadRun.open({
    config,
    budget,
    signal,
    log,
    ...(snapshotId !== undefined && { snapshotId }),
  })
  // The snapshot is adopted, and with the connection the temporary slot goes.
  await start[Symbol.asyncDispose]()
  const published = catalog.streams.map((configured) => {
    const plan = start.plans.find(({ table }) => table.key === streamKey(configured.stream))
    return plan === undefined ? configured : withoutUnpublished(configured, plan.scope)
  })
  const streams = await resolveStreams(run.coordinator, published, run)
  const replicated = streams.filter(({ configured }) => arrivesAsChanges(configured))
  for (const stream of replicated) {
    await assertReadable(run, stream)
    warnOfUnsentColumns(stream, run.facts, log)
  }
  const others = streams.filter((stream) => !replicated.includes(stream))
  const states = new Map(start.plans.map(({ table, state }) => [table.key, state]))
  const copies = await copyRequests(run, replicated, start)
  for await (const message of readStreams(run, { streams: others, checkpoints, copies })) {
    yield message
    if (message.type !== 'checkpoint') continue
    for (const checkpoint of message.checkpoints) {
      const state = parseState(checkpoint, streamKey(checkpoint.stream))
      if (state.phase === 'replicating') states.set(streamKey(checkpoint.stream), state)
    }
  }
  const isCopied = new Set(copies.map(({ stream }) => stream.key))
  onCopied(
    replicated.map((source) => {
      const { from, copiedAt } = states.get(source.key)!
      const { table, publishedSince } = planOf(start, source)
      const isStarted = isCopied.has(source.key)
      return { source, table, publishedSince, from: parseLsn(from), copiedAt: parseLsn(copiedAt), isStarted }
    }),
  )
}

function planOf({ plans }: ReplicationStart, { key }: SourceStream): FollowPlan {
  const plan = plans.find(({ table }) => table.key === key)
  assert(plan !== undefined, `there is a plan for ${key}`)
  return plan
}

async function copyRequests(
  run: ReadRun,
  streams: readonly SourceStream[],
  start: ReplicationStart,
): Promise<CopyRequest[]> {
  const planned = streams
    .map((stream) => ({ stream, ...planOf(start, stream) }))
    .filter(({ copy }) => copy !== undefined)
  if (planned.length === 0) return []
  const { position } = start.copyPoint!
  const at = { position, atUs: await readSnapshotTime(run.coordinator) }
  const { generation } = start.shared
  return planned.map(({ stream, copy, publishedSince, scope: { rowFilters } }) => {
    const state = copy?.state
    const from = state?.replication === undefined ? position : parseLsn(state.replication.from)
    return { stream, state, rowFilters, replication: { from, at, generation, publishedSince } }
  })
}
