import { PassThrough, Readable } from 'node:stream'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProtocolLine } from './message-line.ts'
import { readMessages } from './message-reader.ts'
import { createMessageWriter } from './message-writer.ts'

/** JSON texts of numbers that a double holds, and of those that it does not. */
const numberText = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  fc.tuple(fc.bigInt(), fc.nat()).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc.constantFrom('-0', '0', '1e400', '-1e-400', '9007199254740993', '1.10'),
)
const scalar = fc.oneof(
  numberText,
  fc.constantFrom('null', 'true', 'false'),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
)
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc.array(fc.tuple(fc.string(), tie('json')), { maxLength: 4 }).map(objectText),
  ),
}))

/** The text of an object. Of fields with one name, JSON.parse keeps the last; so each name is used once here. */
function objectText(fields: readonly (readonly [string, string])[]): string {
  return `{${[...new Map(fields)].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
}

/** An object with these fields and others that the protocol does not have, before and after them. */
function withUnknown(fields: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> {
  const unknown = fc.array(
    fc.tuple(
      fc
        .oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '7'))
        .map((name) => (name in fields ? `${name}_` : name)),
      json,
    ),
    { maxLength: 3 },
  )
  return fc
    .tuple(unknown, fc.record(fields), unknown)
    .map(([before, known, after]) => objectText([...before, ...Object.entries(known), ...after]))
}

const text = (value: unknown) => fc.constant(JSON.stringify(value))
const name = fc.string({ unit: 'binary' }).map((value) => JSON.stringify(value))
const count = fc.nat().map((value) => `${value}.0`)
const stats = withUnknown({ recordCount: count, rejectedRecordCount: count })
const descriptor = withUnknown({ name, namespace: name })
const time = fc.nat().map(String)
const list = (item: fc.Arbitrary<string>) => fc.array(item, { maxLength: 3 }).map((items) => `[${items.join(',')}]`)
const blob = withUnknown({})
const change = withUnknown({ field: name, change: text('NULLED'), reason: text('SOURCE_RETRIEVAL_ERROR') })
const streamState = withUnknown({ stream_descriptor: descriptor, stream_state: blob })
const stream = withUnknown({ name, json_schema: blob, supported_sync_modes: text(['full_refresh']) })

const payloads = {
  record: withUnknown({ stream: name, data: blob, emitted_at: time, meta: withUnknown({ changes: list(change) }) }),
  state: fc.oneof(
    withUnknown({ type: text('STREAM'), stream: streamState, sourceStats: stats }),
    withUnknown({
      type: text('GLOBAL'),
      global: withUnknown({ shared_state: blob, stream_states: list(streamState) }),
      destinationStats: stats,
    }),
    withUnknown({ data: blob, type: text('LEGACY') }),
  ),
  log: withUnknown({ level: text('WARN'), message: name }),
  spec: withUnknown({ connectionSpecification: blob, advanced_auth: withUnknown({ predicate_value: name }) }),
  connectionStatus: withUnknown({ status: text('SUCCEEDED') }),
  catalog: withUnknown({ streams: list(stream) }),
  trace: fc.oneof(
    withUnknown({
      type: text('ERROR'),
      emitted_at: time,
      error: withUnknown({ message: name, stream_descriptor: descriptor }),
    }),
    withUnknown({
      type: text('STREAM_STATUS'),
      emitted_at: time,
      stream_status: withUnknown({ stream_descriptor: descriptor, status: text('STARTED') }),
    }),
  ),
  control: withUnknown({
    type: text('CONNECTOR_CONFIG'),
    emitted_at: time,
    connectorConfig: withUnknown({ config: blob }),
  }),
  destination_catalog: withUnknown({
    operations: list(withUnknown({ object_name: name, sync_mode: text('update'), json_schema: blob })),
  }),
}
const message = fc.oneof(
  ...Object.entries(payloads).map(([key, payload]) => {
    const type = key.replace(/[A-Z]/g, '_$&').toUpperCase()
    return withUnknown({ type: text(type), [key]: payload })
  }),
)

/** The same text for the same values: numbers as exact decimals and not as doubles. */
function canonical(line: string): string {
  return JSON.stringify(
    JSON.parse(line, (_key, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' ? `number ${canonicalNumber(context?.source ?? '')}` : value,
    ),
  )
}

function canonicalNumber(source: string): string {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  let digits = BigInt(whole + fraction)
  let power = BigInt(exponent) - BigInt(fraction.length)
  if (digits === 0n) return whole.startsWith('-') ? '-0' : '0'
  for (; digits % 10n === 0n; power++) digits /= 10n
  return `${digits}e${power}`
}

async function readLine(line: string): Promise<ProtocolLine | undefined> {
  for await (const read of readMessages(Readable.from([Buffer.from(line)]))) return read
  return undefined
}

describe('A message that is read and written again', () => {
  test('keeps every field, known or not, and the value of every number', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (line) => {
        const read = await readLine(line)
        expect(read).toMatchObject({ kind: 'message' })
        if (read?.kind !== 'message') return
        const output = new PassThrough()
        await createMessageWriter(output).write(read.message)
        expect(canonical(String(output.read()))).toBe(canonical(line))
      }),
      { numRuns: 2_000 },
    )
  })

  test('keeps every byte when its text is written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(message, json), async (line) => {
        const output = new PassThrough()
        const read = await readLine(line)
        await createMessageWriter(output).writeLine(read!.text)
        expect(String(output.read())).toBe(`${line}\n`)
      }),
    )
  })
})
