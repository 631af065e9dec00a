import { expect, test } from 'vitest'
import { z } from 'zod'
import { createBatchBuilder } from './batch-builder.ts'
import { defineDestination } from './define-destination.ts'
import { defineStream } from './define-stream.ts'
import type { Commit, ConfiguredDestination, DestinationSession } from './destination.ts'
import type { Log } from './log.ts'
import type { ConfiguredStream, DestinationSyncMode } from './stream.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
const stream = { name: 'a' }
const { schema } = defineStream({ name: 'a', columns: { id: 'int32' } })

function destinationOf(session: Partial<DestinationSession> = {}): ConfiguredDestination {
  const destination = defineDestination({
    name: 'toy',
    version: '1.0.0',
    config: z.strictObject({ path: z.string(), token: z.string().meta({ secret: true }).optional() }),
    syncModes: ['append'],
    delivery: 'exactly_once',
    check: async (config) => ({ findings: [{ status: 'passed', subject: config.path, message: 'writable' }] }),
    plan: async () => [],
    async open() {
      let sequence = 0
      return {
        checkpoints: [],
        async startStream() {},
        async restartStream() {},
        async write() {},
        async completeStream() {},
        commit: async () => commitOf(++sequence),
        async [Symbol.asyncDispose]() {},
        ...session,
      }
    },
  })
  return destination({ path: '/data', token: 's3cret' })
}

function commitOf(sequence: number): Commit {
  return { sequence, rows: 0, bytes: 0, durationMs: 0 }
}

function misused(what: string) {
  return { code: 'INTERNAL', message: expect.stringContaining(what) }
}

function requestFor(destinationSyncMode: DestinationSyncMode) {
  const configured: ConfiguredStream = {
    stream,
    kind: 'table',
    schema,
    syncModes: ['full_refresh'],
    primaryKey: [],
    cursorCandidates: [],
    isResumable: false,
    notes: [],
    syncMode: 'full_refresh',
    destinationSyncMode,
    target: stream,
    schemaPolicy: 'evolve',
    onUnrepresentable: 'keep_text',
  }
  const catalog = { streams: [configured] }
  return { catalog, pipeline: 'p', runId: 'r', bytesMax: 1_000_000, signal: AbortSignal.timeout(10_000), log }
}

test('gives a configured destination with its secrets and promises', async () => {
  const configured = destinationOf()
  expect(configured).toMatchObject({ secrets: ['s3cret'], syncModes: ['append'], delivery: 'exactly_once' })
  expect(await configured.check(requestFor('append'))).toEqual({
    findings: [{ status: 'passed', subject: '/data', message: 'writable' }],
  })
  expect('openWarehouse' in configured).toBe(false)
})

test('refuses a sync mode that the destination lacks before opening and planning', async () => {
  const refused = { code: 'CONFIG_INVALID', message: expect.stringContaining('a (overwrite)') }
  await expect(destinationOf().open(requestFor('overwrite'))).rejects.toMatchObject(refused)
  await expect(destinationOf().plan(requestFor('overwrite'))).rejects.toMatchObject(refused)
})

test('passes calls on in their order', async () => {
  await using session = await destinationOf().open(requestFor('append'))
  await session.startStream(stream, { resumed: false })
  await session.restartStream(stream)
  await session.completeStream(stream)
  expect(await session.commit([])).toMatchObject({ sequence: 1 })
  expect(await session.commit([])).toMatchObject({ sequence: 2 })
})

test('counts what a commit made durable when the author does not, and adds what the author left out', async () => {
  const minimal = defineDestination({
    name: 'minimal',
    version: '1.0.0',
    config: z.strictObject({}),
    syncModes: ['append'],
    delivery: 'exactly_once',
    check: async () => ({ findings: [] }),
    open: async () => ({
      checkpoints: [],
      async startStream() {},
      async restartStream() {},
      async write() {},
      commit: async (checkpoints) => ({ sequence: checkpoints.length }),
    }),
  })({})
  expect(await minimal.plan(requestFor('append'))).toEqual([])
  const session = await minimal.open(requestFor('append'))
  await session.startStream(stream, { resumed: false })
  const builder = createBatchBuilder({ stream, schema, budget: { batchBytesMax: 1000, batchRowsMax: 10 } })
  builder.append([1])
  builder.append([2])
  await session.write(builder.finish())
  await session.completeStream(stream)
  const checkpoint = { stream, state: {} }
  expect(await session.commit([checkpoint])).toEqual({ sequence: 1, rows: 2, bytes: 8, durationMs: expect.any(Number) })
  expect(await session.commit([checkpoint, checkpoint])).toMatchObject({ sequence: 2, rows: 0, bytes: 0 })
  await session[Symbol.asyncDispose]()
})

test('fails when the sequence of commits does not grow', async () => {
  await using session = await destinationOf({ commit: async () => commitOf(7) }).open(requestFor('append'))
  await session.commit([])
  await expect(session.commit([])).rejects.toMatchObject({ code: 'CONNECTOR_CONTRACT_BROKEN' })
})

test('refuses calls out of order', async () => {
  await using session = await destinationOf().open(requestFor('append'))
  await expect(session.completeStream(stream)).rejects.toMatchObject(misused('stream a was not started'))
  await expect(session.startStream({ name: 'b' }, { resumed: false })).rejects.toMatchObject(
    misused('not in the catalog'),
  )
  await session.startStream(stream, { resumed: false })
  await expect(session.startStream(stream, { resumed: false })).rejects.toMatchObject(misused('started twice'))
  await session.completeStream(stream)
  await expect(session.restartStream(stream)).rejects.toMatchObject(misused('already complete'))
})

test('refuses two calls at once and calls after the end', async () => {
  const waiting = Promise.withResolvers<void>()
  const session = await destinationOf({ startStream: () => waiting.promise }).open(requestFor('append'))
  const first = session.startStream(stream, { resumed: false })
  await expect(session.commit([])).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.stringMatching(/while startStream/),
  })
  waiting.resolve()
  await first
  await session[Symbol.asyncDispose]()
  await expect(session.commit([])).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.stringMatching(/disposed/),
  })
})
