import type { Data } from 'apache-arrow'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { arrowSchemaOf } from './arrow-type.ts'
import { batchesFromRows, createBatchBuilder } from './batch-builder.ts'
import type { Row } from './batch-builder.ts'
import { batchRows } from './batch-rows.ts'
import type { ChangeBatch } from './change-batch.ts'
import { parseColumnType } from './column-type.ts'
import type { ColumnType } from './column-type.ts'
import { assertBatchMatchesSchema } from './connector-contract.ts'
import type { StreamSchema } from './stream.ts'
import { formatValue } from './value-text.ts'

const stream = { name: 'toy' }
const budget = { batchBytesMax: 1_000_000, batchRowsMax: 1000 }

function columnType(text: string): ColumnType {
  const type = parseColumnType(text)
  if (type === undefined) throw new Error(`${text} is no column type`)
  return type
}

function schemaOf(columns: Record<string, string>): StreamSchema {
  return {
    version: 1,
    columns: Object.entries(columns).map(([name, type]) => ({ name, type: columnType(type), nullable: true })),
  }
}

function buildBatch(schema: StreamSchema, rows: Iterable<Row>): ChangeBatch {
  const builder = createBatchBuilder({ stream, schema, budget })
  for (const row of rows) builder.append(row)
  return builder.finish()
}

function batchOf(type: string, values: readonly unknown[]): ChangeBatch {
  return buildBatch(
    schemaOf({ v: type }),
    values.map((value) => [value]),
  )
}

function firstChild(data: Data): Data {
  const [child] = data.children
  if (child === undefined) throw new Error('there are no children')
  return child
}

/** What became of a value: the text in the column, or why it is not there. */
function fateOf(type: string, value: unknown): string | null {
  const batch = batchOf(type, [value])
  const [misfit] = batch.unrepresentable
  const text = formatValue(columnType(type), firstChild(batch.records.data), 0)
  if (misfit === undefined) return text
  expect(text).toBeNull()
  return `${misfit.reason}: ${misfit.text}`
}

test.each<[string, unknown, string | null]>([
  ['boolean', true, 't'],
  ['boolean', 'f', 'f'],
  ['boolean', 1, 'not a boolean: 1'],
  ['int16', -32_768, '-32768'],
  ['int16', 32_768, 'out of range of int16: 32768'],
  ['int32', '-2147483648', '-2147483648'],
  ['int32', 2.5, 'not an integer: 2.5'],
  ['int32', '', 'not an integer: '],
  ['int64', 9_223_372_036_854_775_807n, '9223372036854775807'],
  ['int64', 9_223_372_036_854_775_808n, 'out of range of int64: 9223372036854775808'],
  ['int64', 2 ** 53, 'a JavaScript number beyond 2^53 may have lost digits; give a bigint or a text: 9007199254740992'],
  ['float32', 0.1, '0.1'],
  ['float32', '3.4028235e+38', '3.4028235e+38'],
  ['float32', 1e39, 'beyond the largest floating-point number: 1e+39'],
  ['float32', 0.123_456_789, 'more digits than a floating-point number holds: 0.123456789'],
  ['float64', -0, '-0'],
  ['float64', 'NaN', 'NaN'],
  ['float64', '-Infinity', '-Infinity'],
  ['float64', '0.10', '0.1'],
  ['float64', '0.29999999999999999', '0.3'],
  ['float64', '0.30000000000000001', 'more digits than a floating-point number holds: 0.30000000000000001'],
  ['float64', '1e400', 'beyond the largest floating-point number: 1e400'],
  ['float64', 2n ** 60n, '1.152921504606847e+18'],
  ['float64', 2n ** 60n + 1n, 'more digits than a floating-point number holds: 1152921504606846977'],
  ['decimal(5,2)', '999.99', '999.99'],
  ['decimal(5,2)', '-1e2', '-100.00'],
  ['decimal(5,2)', '1.500', '1.50'],
  ['decimal(5,2)', 0.1, '0.10'],
  ['decimal(5,2)', 7n, '7.00'],
  ['decimal(5,2)', '1000', 'out of range of decimal(5,2): 1000'],
  ['decimal(5,2)', '1.005', 'more decimal places than decimal(5,2): 1.005'],
  ['decimal(5,2)', 'NaN', 'not a decimal number: NaN'],
  ['decimal(38,0)', -(10n ** 38n) + 1n, `-${'9'.repeat(38)}`],
  ['text', '', ''],
  ['text', 'a\u0000𝄞', 'a\u0000𝄞'],
  ['text', '\uD800', 'not well-formed Unicode: "\\ud800"'],
  ['text', 12n, '12'],
  ['text', { a: 1 }, 'not a text: {"a":1}'],
  ['bytes', new Uint8Array([0, 255]), '\\x00ff'],
  ['bytes', '\\xDEAD', '\\xdead'],
  ['bytes', new Uint16Array([256]), '\\x0001'],
  ['bytes', 'dead', 'not bytes: dead'],
  ['date', '2026-02-28', '2026-02-28'],
  ['date', '0044-03-15 BC', '0044-03-15 BC'],
  ['date', '-000043-03-15', '0044-03-15 BC'],
  ['date', '+012026-01-01', '12026-01-01'],
  ['date', '5874897-12-31', '5874897-12-31'],
  ['date', '-infinity', '-infinity'],
  ['date', new Date('2026-01-01'), '2026-01-01'],
  [
    'date',
    new Date(1),
    'a Date that is not midnight in UTC has a time, which a date cannot hold: 1970-01-01T00:00:00.001Z',
  ],
  ['date', '2026-02-29', 'not a date: 2026-02-29'],
  ['date', '9999999-01-01', 'out of range of date: 9999999-01-01'],
  ['time', '24:00:00', '24:00:00'],
  ['time', '12:00', '12:00:00'],
  ['time', '00:00:00.000249', '00:00:00.000249'],
  ['time', '24:00:00.000001', 'not a time of day: 24:00:00.000001'],
  ['time', '12:00:00.0000001', 'more precise than a microsecond: 12:00:00.0000001'],
  ['timetz', '12:00:00+05:30', '12:00:00+05:30'],
  ['timetz', '12:00:00-15:59:59', '12:00:00-15:59:59'],
  ['timetz', '12:00:00Z', '12:00:00+00'],
  ['timetz', '12:00:00+16', 'not an offset from UTC: 12:00:00+16'],
  ['timestamp', '2026-01-31T12:00:00.5', '2026-01-31 12:00:00.5'],
  ['timestamp', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00 BC'],
  ['timestamp', '294247-01-10 04:00:54.775806', '294247-01-10 04:00:54.775806'],
  ['timestamp', '294276-12-31 23:59:59', 'out of range of timestamp: 294276-12-31 23:59:59'],
  ['timestamp', '2026-01-31T12:00:00Z', 'a timestamp without time zone cannot hold an offset: 2026-01-31T12:00:00Z'],
  ['timestamp', -1n, '1969-12-31 23:59:59.999999'],
  ['timestamptz', '2026-01-31 12:00:00+02', '2026-01-31 10:00:00+00'],
  ['timestamptz', '0001-01-01 00:00:00+01', '0001-12-31 23:00:00+00 BC'],
  ['timestamptz', 'infinity', 'infinity'],
  ['timestamptz', new Date(1), '1970-01-01 00:00:00.001+00'],
  ['timestamptz', '2026-01-31 12:00:00', 'without an offset it is unclear which instant is meant: 2026-01-31 12:00:00'],
  ['timestamptz', new Date(Number.NaN), 'not a timestamptz: Invalid Date'],
  ['interval', '1 year 2 mons -3 days +04:05:06.5', '1 year 2 mons -3 days +04:05:06.5'],
  ['interval', 'P1Y2M-3DT4H5M6.5S', '1 year 2 mons -3 days +04:05:06.5'],
  ['interval', '-P1D', '-1 days'],
  ['interval', { months: 1, days: 0, us: -1n }, '1 mon -00:00:00.000001'],
  ['interval', { hours: 1, milliseconds: 1.5 }, '01:00:00.0015'],
  ['interval', {}, '00:00:00'],
  ['interval', 'infinity', 'infinity'],
  ['interval', { fortnights: 1 }, 'an interval has no unit "fortnights": {"fortnights":1}'],
  ['interval', { days: 0.5 }, 'not a whole number of days: {"days":0.5}'],
  ['interval', { days: 2 ** 31 }, 'out of range of interval: {"days":2147483648}'],
  ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['uuid', 'a0eebc999c0b4ef8bb6d6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d', 'not a uuid: a0eebc99-9c0b-4ef8-bb6d'],
  ['json', '{"b":1, "a":1e400, "a":2}', '{"b":1, "a":1e400, "a":2}'],
  ['json', { id: 2n ** 64n, at: new Date(0) }, '{"id":18446744073709551616,"at":"1970-01-01T00:00:00.000Z"}'],
  ['json', [-0, null], '[-0,null]'],
  ['json', 'hello', 'not a JSON document; JSON.stringify a text that is meant as a value: hello'],
  ['json', { a: Number.NaN }, 'JSON has no NaN: {"a":"NaN"}'],
  ['json', [undefined], 'JSON has no undefined: [null]'],
  ['json', { a: new Map([[1, 2]]) }, 'JSON has no Map: {"a":[[1,2]]}'],
  ['list<int32>', [1, null, -2], '{1,NULL,-2}'],
  ['list<int64>', new BigInt64Array([1n]), '{1}'],
  ['list<text>', ['', 'NULL', 'a b', '"\\', 'x', '{}', 'a,b'], '{"","NULL","a b","\\"\\\\",x,"{}","a,b"}'],
  ['list<list<boolean>>', [[true], [], null], '{{t},{},NULL}'],
  ['list<timestamptz>', [new Date(0)], '{"1970-01-01 00:00:00+00"}'],
  ['list<bytes>', [new Uint8Array([1])], '{"\\\\x01"}'],
  ['list<int16>', [1, 40_000], 'element 1: out of range of int16: [1,40000]'],
  ['list<int16>', '{1}', 'not a list: {1}'],
  ['int32', null, null],
  ['int32', undefined, null],
])('%s: %o becomes %s', (type, value, fate) => {
  expect(fateOf(type, value)).toBe(fate)
})

test('keeps the text of a circular value from failing the row', () => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  expect(fateOf('json', circular)).toBe('not JSON: it is circular or refuses to be written: [object Object]')
})

const anyType = fc.constantFrom(
  'boolean',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'decimal(10,3)',
  'decimal(38,10)',
  'text',
  'bytes',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'uuid',
  'json',
  'list<int32>',
  'list<text>',
  'list<list<decimal(4,1)>>',
)

test('any value at all is either kept or told of, and the batch stays well-formed', () => {
  fc.assert(
    fc.property(
      anyType,
      fc.array(fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }), { maxLength: 20 }),
      (type, values) => {
        const batch = batchOf(type, values)
        const column = firstChild(batch.records.data)
        assertBatchMatchesSchema(batch, 'test')
        const told = new Set(batch.unrepresentable.map(({ row }) => row))
        for (const [row, value] of values.entries()) {
          const isNull = value === null || value === undefined
          expect(column.getValid(row)).toBe(!isNull && !told.has(row))
        }
      },
    ),
  )
})

test('what a batch gives back as rows makes the same batch again', () => {
  const columns = schemaOf({
    i: 'int32',
    l: 'int64',
    f: 'float32',
    d: 'decimal(30,5)',
    t: 'text',
    b: 'bytes',
    ts: 'timestamptz',
    tz: 'timetz',
    iv: 'interval',
    u: 'uuid',
    j: 'json',
    a: 'list<list<text>>',
    o: 'boolean',
    da: 'date',
  })
  const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed())
  const instant = fc.bigInt({ min: -(2n ** 63n) + 2n, max: 2n ** 63n - 2n })
  const row = fc.record({
    i: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    l: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    f: fc.option(fc.float()),
    d: fc.option(fc.bigInt({ min: -(10n ** 25n) + 1n, max: 10n ** 25n - 1n })),
    t: fc.option(text),
    b: fc.option(fc.uint8Array()),
    ts: fc.option(instant),
    tz: fc.option(fc.constantFrom('00:00:00+15:59:59', '24:00:00-15:59:59', '01:02:03.000004+00:00:01')),
    iv: fc.option(
      fc.record({
        months: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        days: fc.integer(),
        us: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      }),
    ),
    u: fc.option(fc.uuid()),
    j: fc.option(fc.json()),
    a: fc.option(fc.array(fc.option(fc.array(fc.option(text))))),
    o: fc.option(fc.boolean()),
    da: fc.option(
      fc.date({ noInvalidDate: true }).map((date) => new Date(Math.floor(date.getTime() / 86_400_000) * 86_400_000)),
    ),
  })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
      const first = buildBatch(columns, rows)
      expect(first.unrepresentable).toEqual([])
      const second = buildBatch(columns, batchRows(first))
      expect([...batchRows(second)]).toEqual([...batchRows(first)])
      expect(second.unrepresentable).toEqual([])
      expect(second.byteLength).toBe(first.byteLength)
      expect([...batchRows(first)].map(({ i, l, t, j, b }) => ({ i, l, t, j, b }))).toEqual(
        rows.map(({ i, l, t, j, b }) => ({ i, l, t, j, b })),
      )
    }),
  )
})

test('counts the bytes of all buffers, each in an ArrayBuffer of its own', () => {
  const batch = batchOf('list<text>', [['a', 'bc'], null, []])
  const list = firstChild(batch.records.data)
  const text = firstChild(list)
  // Four offsets and one byte of nulls; three offsets and three bytes of text.
  expect(batch.byteLength).toBe(4 * 4 + 1 + 3 * 4 + 3)
  const buffers = [list.valueOffsets, list.nullBitmap, text.valueOffsets, text.values].map(({ buffer }) => buffer)
  expect(new Set(buffers).size).toBe(4)
  expect(buffers.map((buffer) => buffer.byteLength)).toEqual([16, 1, 12, 3])
  expect(batch.recycle).toBeTypeOf('function')
})

test('gives rows whose every value is text, for those who ask', () => {
  const schema = schemaOf({ l: 'int64', f: 'float64', a: 'list<boolean>', n: 'text' })
  const batch = buildBatch(schema, [{ l: 1n, f: Number.NaN, a: [true, null], n: null }])
  expect([...batchRows(batch, { values: 'text' })]).toEqual([{ l: '1', f: 'NaN', a: '{t,NULL}', n: null }])
  expect([...batchRows(batch)]).toEqual([{ l: 1n, f: Number.NaN, a: [true, null], n: null }])
})

test('has the Arrow schema of its stream, extension names included', () => {
  const schema = schemaOf({ u: 'uuid', j: 'json', d: 'decimal(5,2)', z: 'timetz' })
  const { records } = createBatchBuilder({ stream, schema, budget }).finish()
  const expected = arrowSchemaOf(schema)
  expect(records.schema.fields.map((field) => [field.name, String(field.type), field.metadata])).toEqual(
    expected.fields.map((field) => [field.name, String(field.type), field.metadata]),
  )
  expect(records.numRows).toBe(0)
})

test('starts each batch empty, with rows counted from 0', () => {
  const builder = createBatchBuilder({ stream, schema: schemaOf({ v: 'int16' }), budget })
  builder.append({ v: 1 })
  builder.append({ v: 'x' })
  expect(builder.finish().unrepresentable).toEqual([
    { row: 1, column: 'v', change: 'NULLED', reason: 'not an integer', text: 'x' },
  ])
  builder.append({ v: 2 })
  const second = builder.finish()
  expect(second.unrepresentable).toEqual([])
  expect([...batchRows(second)]).toEqual([{ v: 2 }])
})

function broken(message: string) {
  return expect.objectContaining({ code: 'CONNECTOR_CONTRACT_BROKEN', message })
}

test('refuses rows that would lose a value, and leaves the batch as it was', () => {
  const schema: StreamSchema = {
    version: 1,
    columns: [
      { name: 'id', type: { type: 'int32' }, nullable: false },
      { name: 'constructor', type: { type: 'text' }, nullable: true },
    ],
  }
  const builder = createBatchBuilder({ stream, schema, budget })
  expect(() => builder.append({ id: 1, nam: 'a' })).toThrow(
    broken('A row of stream toy has the key "nam", which is not in the schema.'),
  )
  expect(() => builder.append([1])).toThrow(broken('A row of stream toy has 1 values where the schema has 2 columns.'))
  expect(() => builder.append({ constructor: 'x' })).toThrow(
    broken('A row of stream toy has no value for column "id", which is not nullable.'),
  )
  builder.append({ id: 1 })
  expect([...batchRows(builder.finish())]).toEqual([{ id: 1, constructor: null }])
  const lax = createBatchBuilder({ stream, schema, budget, extraKeys: 'ignore' })
  lax.append({ id: 1, nam: 'a' })
  expect(lax.rowCount).toBe(1)
})

async function lengths(limits: { batchBytesMax: number; batchRowsMax: number }): Promise<number[]> {
  const counts: number[] = []
  const rows = Array.from({ length: 10 }, (_, index) => ({ v: String(index) }))
  for await (const batch of batchesFromRows(rows, { stream, schema: schemaOf({ v: 'text' }), budget: limits })) {
    counts.push(batch.records.numRows)
  }
  return counts
}

test('ends a batch at its bytes or rows, whichever comes first', async () => {
  expect(await lengths({ batchBytesMax: 1000, batchRowsMax: 4 })).toEqual([4, 4, 2])
  // Five bytes a row, and four for the first offset.
  expect(await lengths({ batchBytesMax: 24, batchRowsMax: 1000 })).toEqual([4, 4, 2])
  expect(await lengths({ batchBytesMax: 1000, batchRowsMax: 5 })).toEqual([5, 5])
})

test('gives no batch when there are no rows, and closes the rows when they are no longer wanted', async () => {
  const options = { stream, schema: schemaOf({ v: 'int32' }), budget: { batchBytesMax: 1000, batchRowsMax: 1 } }
  expect(await batchesFromRows([], options).next()).toEqual({ done: true, value: undefined })
  let closed = false
  async function* rows() {
    try {
      for (let v = 0; ; v++) yield { v }
    } finally {
      closed = true
    }
  }
  for await (const _ of batchesFromRows(rows(), options)) break
  expect(closed).toBe(true)
})
