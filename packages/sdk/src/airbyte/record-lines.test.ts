import { Readable } from 'node:stream'
import { readMessages } from '@eclusa/protocol'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBatchBuilder } from '../batch-builder.ts'
import type { Row } from '../batch-builder.ts'
import type { ChangeBatch } from '../change-batch.ts'
import { parseColumnType } from '../column-type.ts'
import type { RowChanges } from '../row-change.ts'
import { recordLines } from './record-lines.ts'

const stream = { namespace: 'public', name: 'or"ders' }

function batchOf(types: Readonly<Record<string, string>>, rows: readonly Row[]): ChangeBatch {
  const columns = Object.entries(types).map(([name, type]) => ({ name, type: parseColumnType(type)!, nullable: true }))
  const budget = { batchBytesMax: 2 ** 30, batchRowsMax: 2 ** 30 }
  const builder = createBatchBuilder({ stream, schema: { columns, version: 1 }, budget })
  for (const row of rows) builder.append(row)
  return builder.finish()
}

function textOf(batch: ChangeBatch): string {
  return Buffer.concat([...recordLines(batch, { emittedAtMs: 7 })]).toString('utf8')
}

async function recordsOf(batch: ChangeBatch) {
  const records = []
  for await (const line of readMessages(Readable.from(recordLines(batch, { emittedAtMs: 7 })))) {
    if (line.kind !== 'message' || line.message.type !== 'RECORD') throw new Error(`no record: ${line.text}`)
    records.push(line.message.record)
  }
  return records
}

describe('recordLines', () => {
  it('writes every type in its form, with all digits', () => {
    const types = {
      b: 'boolean',
      i2: 'int16',
      i4: 'int32',
      i8: 'int64',
      f4: 'float32',
      f8: 'float64',
      n: 'decimal(38,10)',
      t: 'text',
      bytes: 'bytes',
      d: 'date',
      time: 'time',
      timetz: 'timetz',
      ts: 'timestamp',
      tstz: 'timestamptz',
      interval: 'interval',
      uuid: 'uuid',
      json: 'json',
      list: 'list<list<text>>',
    }
    const row = {
      b: true,
      i2: -32_768,
      i4: 0,
      i8: 9_223_372_036_854_775_807n,
      f4: 0.1,
      f8: 5e-324,
      n: '1234567890123456789012345678.0123456789',
      t: 'a "quoted" \\ line\nbreak \u0001 漢',
      bytes: new Uint8Array([0, 255]),
      d: '0044-03-15 BC',
      time: '24:00:00',
      timetz: '12:00:00.5+02',
      ts: '0044-03-15 12:00:00 BC',
      tstz: '2026-01-31 12:00:00.000001+00',
      interval: '1 year 2 mons 03:04:05',
      uuid: '00000000-0000-0000-0000-0000000000ff',
      json: '{"a": 1.0,\n "a":12345678901234567891}',
      list: [['x', null], []],
    }
    expect(textOf(batchOf(types, [row, {}]))).toMatchInlineSnapshot(`
      "{"type":"RECORD","record":{"stream":"or\\"ders","namespace":"public","emitted_at":7,"data":{"b":true,"i2":-32768,"i4":0,"i8":9223372036854775807,"f4":0.1,"f8":5e-324,"n":1234567890123456789012345678.0123456789,"t":"a \\"quoted\\" \\\\ line\\nbreak \\u0001 漢","bytes":"AP8=","d":"0044-03-15 BC","time":"24:00:00","timetz":"12:00:00.5+02:00","ts":"0044-03-15T12:00:00 BC","tstz":"2026-01-31T12:00:00.000001Z","interval":"1 year 2 mons 03:04:05","uuid":"00000000-0000-0000-0000-0000000000ff","json":{"a": 1.0,  "a":12345678901234567891},"list":[["x",null],[]]}}}
      {"type":"RECORD","record":{"stream":"or\\"ders","namespace":"public","emitted_at":7,"data":{"b":null,"i2":null,"i4":null,"i8":null,"f4":null,"f8":null,"n":null,"t":null,"bytes":null,"d":null,"time":null,"timetz":null,"ts":null,"tstz":null,"interval":null,"uuid":null,"json":null,"list":null}}}
      "
    `)
  })

  it('writes what JSON cannot hold as null, with its text', async () => {
    const types = { f: 'float64', d: 'date', ts: 'timestamptz', list: 'list<float64>', i: 'int16' }
    const batch = batchOf(types, [{ f: Number.NaN, d: '-infinity', ts: 'infinity', list: [1, -Infinity], i: 40_000 }])
    const [record] = await recordsOf(batch)
    expect(record?.data).toEqual({ f: null, d: null, ts: null, list: null, i: null })
    expect(
      record?.meta?.changes?.map(({ field, change, reason, ...rest }) => [field, change, reason, rest['value']]),
    ).toEqual([
      ['i', 'NULLED', 'SOURCE_SERIALIZATION_ERROR', '40000'],
      ['f', 'NULLED', 'SOURCE_SERIALIZATION_ERROR', 'NaN'],
      ['d', 'NULLED', 'SOURCE_SERIALIZATION_ERROR', '-infinity'],
      ['ts', 'NULLED', 'SOURCE_SERIALIZATION_ERROR', 'infinity'],
      ['list', 'NULLED', 'SOURCE_SERIALIZATION_ERROR', '{1,-Infinity}'],
    ])
  })

  it('tells of changes where they stand in the log, and leaves out what was not sent', async () => {
    const changes: RowChanges = {
      operations: Uint8Array.of(1, 2),
      positions: BigInt64Array.of(9_007_199_254_740_993n, 9_007_199_254_740_994n),
      orders: Int32Array.of(0, 1),
      committedAtUs: BigInt64Array.of(1_000_000n, 2_000_000n),
      unchanged: [undefined, Uint8Array.of(0b11)],
    }
    const batch = { ...batchOf({ id: 'int32', note: 'text' }, [{ id: 1 }, { id: 2 }]), changes }
    const [updated, deleted] = await recordsOf(batch)
    expect(textOf(batch)).toContain('"_ab_cdc_lsn":9007199254740993,')
    expect(Object.keys(updated?.data ?? {})).toEqual(['id', '_ab_cdc_lsn', '_ab_cdc_updated_at', '_ab_cdc_deleted_at'])
    expect(updated?.meta?.changes).toEqual([expect.objectContaining({ field: 'note', change: 'NULLED' })])
    expect(deleted?.data).toMatchObject({ id: 2, note: null, _ab_cdc_deleted_at: '1970-01-01T00:00:02Z' })
    expect(deleted?.meta).toBeUndefined()
  })

  it('gives back any text, number and document', async () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\u0000', '\u001F'), fc.string({ unit: 'grapheme' })),
    })
    const row = fc.record({
      t: text.map((value) => value.toWellFormed()),
      i: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      f: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
      j: fc.jsonValue({ maxDepth: 2 }).map((value) => (value === null ? {} : value)),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), async (rows) => {
        const documents = rows.map(({ j, ...rest }) => ({ ...rest, j: JSON.stringify(j, undefined, 1) }))
        const records = await recordsOf(batchOf({ t: 'text', i: 'int32', f: 'float64', j: 'json' }, documents))
        const expected = rows.map(({ j, ...rest }) => ({ ...rest, j: JSON.parse(JSON.stringify(j)) as unknown }))
        expect(JSON.stringify(records.map(({ data }) => data))).toBe(JSON.stringify(expected))
      }),
      { numRuns: 60 },
    )
  })

  it('ends pieces with a line', () => {
    const batch = batchOf(
      { t: 'text' },
      Array.from({ length: 5_000 }, (_, index) => ({ t: 'x'.repeat(index % 300) })),
    )
    const pieces = [...recordLines(batch, { emittedAtMs: 7 })]
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.every((piece) => piece.at(-1) === 0x0a)).toBe(true)
  })
})
