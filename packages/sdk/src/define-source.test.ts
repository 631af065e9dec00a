import { Int32, RecordBatch, Struct, Utf8, makeData } from 'apache-arrow'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { arrowSchemaOf } from './arrow-type.ts'
import { byteBudget } from './byte-budget.ts'
import type { ChangeBatch } from './change-batch.ts'
import { defineSource } from './define-source.ts'
import { hasErrorCode } from './error.ts'
import type { Log } from './log.ts'
import type { ConfiguredSource, SourceMessage, SourceReader } from './source.ts'
import type { ConfiguredStream, StreamSchema } from './stream.ts'

const schema: StreamSchema = { version: 1, columns: [{ name: 'id', type: { type: 'int32' }, nullable: false }] }
const log: Log = { debug() {}, info() {}, warn() {}, error() {} }

function configuredStream(name: string): ConfiguredStream {
  return {
    stream: { name },
    kind: 'table',
    schema,
    syncModes: ['full_refresh'],
    primaryKey: ['id'],
    cursorCandidates: [],
    isResumable: false,
    notes: [],
    syncMode: 'full_refresh',
    destinationSyncMode: 'overwrite',
    target: { name },
    schemaPolicy: 'evolve',
    onUnrepresentable: 'keep_text',
  }
}

function batchOf(name: string, fields: StreamSchema = schema): ChangeBatch {
  const arrowSchema = arrowSchemaOf(fields)
  const children = arrowSchema.fields.map(({ type }) =>
    type instanceof Int32
      ? makeData({ type, data: new Int32Array([1]) })
      : makeData({ type: new Utf8(), valueOffsets: new Int32Array([0, 1]), data: new Uint8Array([65]) }),
  )
  const records = new RecordBatch(arrowSchema, makeData({ type: new Struct(arrowSchema.fields), length: 1, children }))
  return { stream: { name }, schema, records, byteLength: 4, unrepresentable: [] }
}

function sourceOf(read: () => SourceReader): ConfiguredSource {
  const source = defineSource({
    name: 'toy',
    version: '1.0.0',
    config: z.strictObject({}),
    check: async () => ({ findings: [] }),
    discover: async () => ({ streams: [] }),
    read,
  })
  return source({})
}

async function readAll(configured: ConfiguredSource): Promise<SourceMessage[]> {
  const received: SourceMessage[] = []
  const catalog = { streams: [configuredStream('a'), configuredStream('b')] }
  const budget = byteBudget({ bytesMax: 1_000_000, readers: 1 })
  const request = { catalog, checkpoints: [], budget, signal: AbortSignal.timeout(10_000), log }
  for await (const message of configured.read(request)) received.push(message)
  return received
}

function messagesOf(...messages: SourceMessage[]): () => SourceReader {
  return async function* read() {
    yield* messages
  }
}

const started = (name: string): SourceMessage => ({ type: 'stream_started', stream: { name }, resumed: false })
const completed = (name: string): SourceMessage => ({ type: 'stream_completed', stream: { name } })
const restarted = (name: string): SourceMessage => ({ type: 'stream_restarted', stream: { name }, reason: 'moved' })
const batch = (name: string, fields?: StreamSchema): SourceMessage => ({ type: 'batch', batch: batchOf(name, fields) })

test('gives the functions a configuration typed by the schema', async () => {
  const source = defineSource({
    name: 'toy',
    version: '1.0.0',
    config: z.strictObject({
      url: z.string(),
      pageRowsMax: z.int().default(100),
      key: z.string().meta({ secret: true }),
    }),
    async check(config, context) {
      expectTypeOf(config).toEqualTypeOf<{ url: string; pageRowsMax: number; key: string }>()
      context.log.info('checked')
      return { findings: [{ status: 'passed', subject: config.url, message: `${config.pageRowsMax} rows a page` }] }
    },
    async discover() {
      return { streams: [] }
    },
    async *read({ config }) {
      expectTypeOf(config.pageRowsMax).toEqualTypeOf<number>()
      yield started('a')
    },
  })
  expectTypeOf(source).parameter(0).toEqualTypeOf<{ url: string; pageRowsMax?: number | undefined; key: string }>()
  const configured = source({ url: 'https://example.com', key: 's3cret' })
  expect(configured).toMatchObject({ name: 'toy', version: '1.0.0', secrets: ['s3cret'] })
  expect(await configured.check({ signal: AbortSignal.timeout(10_000), log })).toEqual({
    findings: [{ status: 'passed', subject: 'https://example.com', message: '100 rows a page' }],
  })
  // @ts-expect-error -- an unknown key is a type error as well as CONFIG_INVALID
  expect(() => source({ url: 'u', key: 'k', pageRows: 1 })).toThrow(/pageRows: unknown key; did you mean "pageRowsMax"/)
})

test('refuses a configuration schema that would drop misspelt keys', () => {
  expect(() =>
    defineSource({
      name: 'lax',
      version: '1.0.0',
      config: z.strictObject({ tls: z.object({ mode: z.string() }).optional(), rest: z.looseObject({}) }),
      check: async () => ({ findings: [] }),
      discover: async () => ({ streams: [] }),
      read: messagesOf(),
    }),
  ).toThrow(expect.objectContaining({ code: 'CONNECTOR_CONTRACT_BROKEN', details: { unguarded: ['tls'] } }))
})

test('passes on the messages of a source that keeps its contract', async () => {
  const messages = [
    started('a'),
    started('b'),
    batch('a'),
    batch('b'),
    restarted('a'),
    batch('a'),
    completed('a'),
    completed('b'),
    { type: 'checkpoint', checkpoints: [{ stream: { name: 'a' }, state: { page: 1 } }] },
  ] satisfies SourceMessage[]
  expect(await readAll(sourceOf(messagesOf(...messages)))).toEqual(messages)
})

const textSchema: StreamSchema = { version: 1, columns: [{ name: 'id', type: { type: 'text' }, nullable: false }] }
const wideSchema: StreamSchema = { version: 1, columns: [...schema.columns, ...textSchema.columns] }

test.each<[string, RegExp, SourceMessage[]]>([
  ['a batch before its stream is started', /"batch" for stream a while that was waiting/, [batch('a')]],
  ['a batch after its stream is completed', /"batch" .* completed/, [started('a'), completed('a'), batch('a')]],
  ['a stream that is not in the catalog', /"stream_started" for stream c, which is not/, [started('c')]],
  ['a second start', /"stream_started" .* started/, [started('a'), started('a')]],
  ['a restart before the start', /"stream_restarted" .* waiting/, [restarted('a')]],
  ['a restart after the end', /"stream_restarted" .* completed/, [started('a'), completed('a'), restarted('a')]],
  ['an end before the start', /"stream_completed" .* waiting/, [completed('a')]],
  ['a field of another type', /"id" Utf8 where its schema says "id" Int32/, [started('a'), batch('a', textSchema)]],
  ['a field too many', /2 Arrow fields where its schema has 1 columns/, [started('a'), batch('a', wideSchema)]],
])('fails on %s', async (_, message, messages) => {
  const error = await readAll(sourceOf(messagesOf(...messages))).catch((caught: unknown) => caught)
  expect(hasErrorCode(error, 'CONNECTOR_CONTRACT_BROKEN')).toBe(true)
  expect(error).toMatchObject({ message: expect.stringMatching(message) })
})

test('releases what the source holds when the reader stops early or the contract is broken', async () => {
  let open = 0
  const configured = sourceOf(async function* read() {
    open++
    try {
      yield started('a')
      yield started('a')
    } finally {
      open--
    }
  })
  await expect(readAll(configured)).rejects.toMatchObject({ code: 'CONNECTOR_CONTRACT_BROKEN' })
  expect(open).toBe(0)
  const catalog = { streams: [configuredStream('a')] }
  const budget = byteBudget({ bytesMax: 1_000_000, readers: 1 })
  for await (const _ of configured.read({ catalog, checkpoints: [], budget, signal: AbortSignal.timeout(10_000), log }))
    break
  expect(open).toBe(0)
})

test('tells the source what became durable, if it wants to know', async () => {
  const acknowledged: unknown[] = []
  const configured = sourceOf(() =>
    Object.assign(messagesOf(started('a'))(), {
      async acknowledge(checkpoints: unknown) {
        acknowledged.push(checkpoints)
      },
    }),
  )
  const budget = byteBudget({ bytesMax: 1_000_000, readers: 1 })
  const request = { catalog: { streams: [] }, checkpoints: [], budget, signal: AbortSignal.timeout(10_000), log }
  await configured.read(request).acknowledge?.([{ stream: { name: 'a' }, state: {} }])
  expect(acknowledged).toEqual([[{ stream: { name: 'a' }, state: {} }]])
  expect('acknowledge' in sourceOf(messagesOf()).read(request)).toBe(false)
})
