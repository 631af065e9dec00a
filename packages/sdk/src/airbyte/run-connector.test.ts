import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { airbyteMessageSchema } from '@eclusa/protocol'
import type { AirbyteMessage, AirbyteStateMessage, AirbyteTraceMessage } from '@eclusa/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { batchRows } from '../batch-rows.ts'
import { createBatchBuilder } from '../batch-builder.ts'
import type { ChangeBatch } from '../change-batch.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { checkpointState } from '../checkpoint.ts'
import { defineDestination } from '../define-destination.ts'
import { defineSource } from '../define-source.ts'
import { defineStream } from '../define-stream.ts'
import type { Destination } from '../destination.ts'
import { EclusaError } from '../error.ts'
import type { Source } from '../source.ts'
import { runConnector } from './run-connector.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eclusa-airbyte-'))
})
afterEach(() => rm(directory, { recursive: true }))

const planets = defineStream({
  name: 'planets',
  columns: { id: 'int64', name: 'text', mass_kg: 'decimal(30,0)' },
  primaryKey: ['id'],
  syncModes: ['full_refresh', 'incremental'],
  cursorChoice: 'none',
  isResumable: true,
})
const empty = defineStream({ name: 'empty', columns: { id: 'int32' } })
const names = ['Mercury', 'Venus', 'Earth', 'Mars']

const planetSource = defineSource({
  name: 'planets',
  version: '1.0.0',
  config: z.strictObject({ key: z.string().meta({ secret: true }), failsAt: z.int().optional() }),
  check: async ({ key }) =>
    key === 'right'
      ? { findings: [{ status: 'passed', subject: 'key', message: 'It fits.' }] }
      : { findings: [{ status: 'failed', subject: 'key', message: `${key} is no key.`, remedy: 'Ask for another.' }] },
  discover: async () => ({ streams: [planets, empty] }),
  async *read({ config, catalog, checkpoints, budget, log }) {
    // What a dependency prints must not get among the messages; what is logged must not show the key.
    process.stdout.write('printed by a dependency\n')
    log.info(`reading with ${config.key}`)
    for (const { stream, schema } of catalog.streams) {
      const from = Number(checkpointState(checkpoints, stream)?.['next'] ?? 0)
      yield { type: 'stream_started', stream, resumed: from > 0, rowsEstimated: names.length }
      const rows = stream.name === 'empty' ? [] : names.slice(from)
      for (const [index, name] of rows.entries()) {
        if (from + index === config.failsAt)
          throw new EclusaError('CONFIG_INVALID', { message: `no key ${config.key}` })
        const builder = createBatchBuilder({ stream, schema, budget, extraKeys: 'ignore' })
        builder.append({ id: from + index, name, mass_kg: '123456789012345678901234567890' })
        yield { type: 'batch', batch: builder.finish() }
        yield { type: 'checkpoint', checkpoints: [{ stream, state: { next: from + index + 1 } }] }
      }
      yield { type: 'stream_completed', stream }
    }
  },
})

async function run(
  connector: Source | Destination,
  words: readonly string[],
  files: Readonly<Record<string, unknown>> = {},
  stdin: readonly unknown[] = [],
): Promise<{ code: number; messages: AirbyteMessage[]; output: string }> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), JSON.stringify(content))
  const argv = words.map((word) => (word in files ? join(directory, word) : word))
  const stdout = new PassThrough()
  const output = text(stdout)
  const input = Readable.from(stdin.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`))
  const code = await runConnector(connector, { argv, stdout, stdin: input })
  stdout.end()
  const lines = (await output).split('\n').filter((line) => line !== '')
  return { code, messages: lines.map((line) => airbyteMessageSchema.parse(JSON.parse(line))), output: await output }
}

/** A message in a few words. */
function brief(message: AirbyteMessage): string {
  switch (message.type) {
    case 'RECORD':
      return `record ${message.record.stream} ${JSON.stringify(message.record.data)}`
    case 'STATE':
      return briefState(message.state)
    case 'TRACE':
      return briefTrace(message.trace)
    case 'LOG':
      return `log ${message.log.level} ${message.log.message}`
    case 'CONNECTION_STATUS':
      return `check ${message.connectionStatus.status}`
    default:
      return message.type
  }
}

function briefState(state: AirbyteStateMessage): string {
  const { stream_descriptor: descriptor, stream_state: told } =
    state.type === 'STREAM' ? state.stream : { stream_descriptor: undefined, stream_state: undefined }
  const counts = [state.sourceStats?.recordCount, state.destinationStats?.recordCount]
  return `state ${descriptor?.name ?? ''} ${JSON.stringify(told)} ${counts.join(' ')}`
}

function briefTrace(trace: AirbyteTraceMessage): string {
  switch (trace.type) {
    case 'STREAM_STATUS':
      return `${trace.stream_status.status} ${trace.stream_status.stream_descriptor.name}`
    case 'ESTIMATE':
      return `estimate ${trace.estimate.row_estimate ?? ''}`
    case 'ERROR':
      return `error ${trace.error.failure_type ?? ''} ${trace.error.message}`
    case 'ANALYTICS':
      return 'analytics'
  }
}

const config = { key: 'right' }
const configured = (sync_mode: string, destination_sync_mode = 'append', more: object = {}) => ({
  streams: [
    {
      stream: {
        name: 'planets',
        json_schema: { properties: { id: { type: 'integer' }, name: { type: 'string' } } },
        supported_sync_modes: ['full_refresh'],
      },
      sync_mode,
      destination_sync_mode,
      ...more,
    },
  ],
})

describe('a source', () => {
  it('tells its specification, with secrets marked', async () => {
    const { code, messages } = await run(planetSource, ['spec'])
    expect(code).toBe(0)
    expect(messages).toMatchObject([
      { type: 'SPEC', spec: { connectionSpecification: { properties: { key: { airbyte_secret: true } } } } },
    ])
  })

  it('answers a check that fails, and ends with 0', async () => {
    const good = await run(planetSource, ['check', '--config', 'c.json'], { 'c.json': config })
    expect([good.code, ...good.messages.map(brief)]).toEqual([0, 'check SUCCEEDED'])
    const wrong = await run(planetSource, ['check', '--config', 'c.json'], { 'c.json': { key: 1, colour: 'red' } })
    expect(wrong).toMatchObject({ code: 0, messages: [{ connectionStatus: { status: 'FAILED' } }] })
    expect(wrong.output).toContain('colour')
  })

  it('declares its streams', async () => {
    const { messages } = await run(planetSource, ['discover', '--config', 'c.json'], { 'c.json': config })
    expect(messages).toMatchInlineSnapshot(`
      [
        {
          "catalog": {
            "streams": [
              {
                "is_resumable": true,
                "json_schema": {
                  "$schema": "http://json-schema.org/draft-07/schema#",
                  "additionalProperties": true,
                  "properties": {
                    "id": {
                      "type": "integer",
                      "x-eclusa-type": "int64",
                    },
                    "mass_kg": {
                      "type": [
                        "null",
                        "number",
                      ],
                      "x-eclusa-type": "decimal(30,0)",
                    },
                    "name": {
                      "type": [
                        "null",
                        "string",
                      ],
                      "x-eclusa-type": "text",
                    },
                  },
                  "type": "object",
                },
                "name": "planets",
                "source_defined_cursor": true,
                "source_defined_primary_key": [
                  [
                    "id",
                  ],
                ],
                "supported_sync_modes": [
                  "full_refresh",
                  "incremental",
                ],
              },
              {
                "is_resumable": false,
                "json_schema": {
                  "$schema": "http://json-schema.org/draft-07/schema#",
                  "additionalProperties": true,
                  "properties": {
                    "id": {
                      "type": [
                        "null",
                        "integer",
                      ],
                      "x-eclusa-type": "int32",
                    },
                  },
                  "type": "object",
                },
                "name": "empty",
                "source_defined_cursor": false,
                "source_defined_primary_key": [],
                "supported_sync_modes": [
                  "full_refresh",
                ],
              },
            ],
          },
          "type": "CATALOG",
        },
      ]
    `)
  })

  it('reads: statuses, estimates, records with all digits, and states with the count of their records', async () => {
    const catalog = configured('full_refresh')
    const both = {
      streams: [
        ...catalog.streams,
        {
          stream: { name: 'empty', json_schema: { properties: { id: {} } }, supported_sync_modes: ['full_refresh'] },
          sync_mode: 'full_refresh',
          destination_sync_mode: 'append',
        },
      ],
    }
    const files = { 'c.json': config, 'k.json': both }
    const { code, messages, output } = await run(
      planetSource,
      ['read', '--config', 'c.json', '--catalog', 'k.json'],
      files,
    )
    expect(code).toBe(0)
    expect(messages.map(brief)).toMatchInlineSnapshot(`
      [
        "log INFO reading with [redacted]",
        "STARTED planets",
        "estimate 4",
        "RUNNING planets",
        "record planets {"id":0,"name":"Mercury"}",
        "state planets {"next":1} 1 ",
        "record planets {"id":1,"name":"Venus"}",
        "state planets {"next":2} 1 ",
        "record planets {"id":2,"name":"Earth"}",
        "state planets {"next":3} 1 ",
        "record planets {"id":3,"name":"Mars"}",
        "state planets {"next":4} 1 ",
        "state planets {"next":4} 0 ",
        "COMPLETE planets",
        "STARTED empty",
        "estimate 4",
        "state empty {"__ab_full_refresh_sync_complete":true} 0 ",
        "RUNNING empty",
        "COMPLETE empty",
      ]
    `)
    expect(output).toContain('"recordCount":1.0')
    expect(output).not.toContain('right')
    expect(output).not.toContain('printed')
  })

  it('goes on from the states of another read', async () => {
    const state = [{ type: 'STREAM', stream: { stream_descriptor: { name: 'planets' }, stream_state: { next: 3 } } }]
    const files = { 'c.json': config, 'k.json': configured('incremental'), 's.json': state }
    const { messages } = await run(
      planetSource,
      ['read', '--config', 'c.json', '--catalog', 'k.json', '--state', 's.json'],
      files,
    )
    expect(messages.filter(({ type }) => type === 'RECORD').map(brief)).toEqual([
      'record planets {"id":3,"name":"Mars"}',
    ])
  })

  it('fails with a trace that shows no secret, after INCOMPLETE, and ends with 1', async () => {
    const files = { 'c.json': { ...config, failsAt: 1 }, 'k.json': configured('full_refresh') }
    const { code, messages, output } = await run(
      planetSource,
      ['read', '--config', 'c.json', '--catalog', 'k.json'],
      files,
    )
    expect(code).toBe(1)
    expect(messages.slice(-2).map(brief)).toEqual([
      'INCOMPLETE planets',
      'error config_error no key [redacted] Correct the values named in the message.',
    ])
    expect(output).not.toContain('right')
  })

  it('names streams that it has not, and files that are none', async () => {
    const unknown = {
      streams: [
        {
          ...configured('full_refresh').streams[0],
          stream: { name: 'moons', json_schema: {}, supported_sync_modes: ['full_refresh'] },
        },
      ],
    }
    const words = ['read', '--config', 'c.json', '--catalog', 'k.json']
    const missing = await run(planetSource, words, { 'c.json': config, 'k.json': unknown })
    expect(missing.code).toBe(1)
    expect(missing.messages.map(brief).at(-1)).toContain('stream "moons" does not exist')
    const none = await run(planetSource, words, { 'c.json': config, 'k.json': { streams: 1 } })
    expect(none.messages.map(brief).at(-1)).toContain('is no configured catalog')
    expect((await run(planetSource, ['reed'])).code).toBe(2)
  })
})

class Table {
  rows: unknown[] = []
  checkpoints: readonly Checkpoint[] = []
  events: string[] = []
}

function listDestination(table: Table) {
  return defineDestination({
    name: 'list',
    version: '1.0.0',
    config: z.strictObject({}),
    syncModes: ['overwrite', 'append', 'append_dedup'],
    delivery: 'at_least_once',
    check: async () => ({ findings: [] }),
    open: async () => {
      let sequence = 0
      const accepted: ChangeBatch[] = []
      return {
        checkpoints: table.checkpoints,
        startStream: async ({ name }, { resumed }) => void table.events.push(`start ${name} ${resumed}`),
        restartStream: async () => {},
        write: async (batch) => void accepted.push(batch),
        completeStream: async ({ name }) => void table.events.push(`complete ${name}`),
        commit: async (checkpoints) => {
          table.rows.push(...accepted.splice(0).flatMap((batch) => [...batchRows(batch, { values: 'text' })]))
          table.checkpoints = checkpoints
          table.events.push('commit')
          return { sequence: ++sequence }
        },
      }
    },
  })
}

const record = (data: object, stream = 'planets') => ({ type: 'RECORD', record: { stream, data, emitted_at: 1 } })
const status = (word: string) => ({
  type: 'TRACE',
  trace: {
    type: 'STREAM_STATUS',
    emitted_at: 1,
    stream_status: { stream_descriptor: { name: 'planets' }, status: word },
  },
})
const state = (next: number) => ({
  type: 'STATE',
  state: {
    type: 'STREAM',
    stream: { stream_descriptor: { name: 'planets' }, stream_state: { next } },
    sourceStats: { recordCount: 1 },
  },
})

describe('a destination', () => {
  const words = ['write', '--config', 'c.json', '--catalog', 'k.json']
  const write = (table: Table, stdin: readonly unknown[], catalog: object = configured('full_refresh')) =>
    run(listDestination(table), words, { 'c.json': {}, 'k.json': catalog }, stdin)

  it('gives states back when their records are durable, with the count of them', async () => {
    const table = new Table()
    const { code, messages } = await write(table, [
      status('STARTED'),
      record({ id: 1, name: 'x' }),
      record({ id: 2 }),
      state(2),
      'a line of a library',
      status('COMPLETE'),
    ])
    expect(code).toBe(0)
    expect(messages.map(brief)).toEqual(['state planets {"next":2} 1 2'])
    expect(table.rows).toEqual([
      { id: '1', name: 'x' },
      { id: '2', name: null },
    ])
    expect(table.events).toEqual(['start planets false', 'complete planets', 'commit'])
  })

  it('keeps rows of a stream that goes on, and of a refresh of the same generation that another sync had begun', async () => {
    const table = new Table()
    await write(table, [record({ id: 1 }), status('COMPLETE')], configured('incremental'))
    await write(table, [record({ id: 2 }), status('COMPLETE')], configured('incremental'))
    expect(table.events).toEqual([
      'start planets false',
      'complete planets',
      'commit',
      'start planets true',
      'complete planets',
      'commit',
    ])

    const refresh = configured('full_refresh', 'overwrite', { generation_id: 3, minimum_generation_id: 3 })
    const torn = new Table()
    const { code, messages } = await write(torn, [record({ id: 1 }), state(1)], refresh)
    expect(code).toBe(1)
    expect(messages.map(brief).at(-1)).toContain('error transient_error The source ended before')
    await write(torn, [record({ id: 2 }), status('COMPLETE')], refresh)
    await write(
      torn,
      [record({ id: 3 }), status('COMPLETE')],
      configured('full_refresh', 'overwrite', { generation_id: 4, minimum_generation_id: 4 }),
    )
    expect(torn.events.filter((event) => event.startsWith('start'))).toEqual([
      'start planets false',
      'start planets true',
      'start planets false',
    ])
  })

  it('keeps values exact, marks of the source, and tells of fields that go nowhere', async () => {
    const table = new Table()
    const properties = {
      big: { type: 'integer' },
      at: { type: 'string', format: 'date-time' },
      doc: { type: ['object', 'string'] },
      bytes: { type: 'string', contentEncoding: 'base64' },
      n: { type: 'number', 'x-eclusa-type': 'decimal(30,2)' },
    }
    const [stream] = configured('full_refresh').streams
    const catalog = { streams: [{ ...stream, stream: { ...stream?.stream, json_schema: { properties } } }] }
    const line =
      '{"type":"RECORD","record":{"stream":"planets","emitted_at":1,"data":{"big":9223372036854775807,"at":"2026-01-31T12:00:00Z","doc":"text","bytes":"AP8=","n":1234567890123456789012345678.25,"moons":2}}}'
    const { messages } = await write(table, [line, line, status('COMPLETE')], catalog)
    expect(table.rows[0]).toEqual({
      big: '9223372036854775807',
      at: '2026-01-31 12:00:00+00',
      doc: '"text"',
      bytes: String.raw`\x00ff`,
      n: '1234567890123456789012345678.25',
    })
    expect(messages.map(brief)).toEqual([expect.stringContaining('fields that the catalog does not: moons')])
  })

  it.each([
    ['a line that is cut off', ['{"type":"RECORD","rec'], 'Line 1 of the input is no message'],
    ['a stream that nobody configured', [record({ id: 1 }, 'moons')], 'a record of stream moons'],
    [
      'a record after COMPLETE',
      [record({ id: 1 }), status('COMPLETE'), record({ id: 2 })],
      'which was COMPLETE before',
    ],
    ['a source that ends too soon', [record({ id: 1 })], 'The source ended before'],
  ])('ends with a named error for %s', async (_, stdin, message) => {
    const { code, messages } = await write(new Table(), stdin)
    expect(code).toBe(1)
    expect(messages.map(brief).at(-1)).toContain(message)
  })
})
