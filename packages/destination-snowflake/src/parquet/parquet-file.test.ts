import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { createBatchBuilder, parseColumnType } from '@eclusa/sdk'
import type { ChangeBatch, Column, Row } from '@eclusa/sdk'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createParquetFile } from './parquet-file.ts'
import { stagedBatch } from './staged-batch.ts'

let directory = ''
let files = 0
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eclusa-parquet-'))
})
afterAll(() => rm(directory, { recursive: true }))

function columns(types: Readonly<Record<string, string>>): Column[] {
  return Object.entries(types).map(([name, type]) => ({ name, type: parseColumnType(type)!, nullable: true }))
}

function batchOf(schemaColumns: readonly Column[], rows: readonly Row[]): ChangeBatch {
  const builder = createBatchBuilder({
    stream: { name: 'values' },
    schema: { columns: schemaColumns, version: 1 },
    budget: { batchBytesMax: 2 ** 30, batchRowsMax: 2 ** 30 },
  })
  for (const row of rows) builder.append(row)
  return builder.finish()
}

async function write(...batches: readonly ChangeBatch[]): Promise<string> {
  const path = join(directory, `${(files += 1)}.parquet`)
  await using file = await createParquetFile(path)
  for (const batch of batches) await file.write(stagedBatch(batch))
  await file.close()
  expect(file.bytesWritten).toBe((await stat(path)).size)
  return path
}

async function read(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

it('keeps every type as Snowflake reads it from Parquet', async () => {
  const all = columns({
    b: 'boolean',
    i2: 'int16',
    i8: 'int64',
    f8: 'float64',
    small: 'decimal(12,2)',
    wide: 'decimal(38,10)',
    fraction: 'decimal(38,38)',
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
    list: 'list<list<decimal(20,2)>>',
  })
  const row = {
    b: true,
    i2: -32_768,
    i8: 9_223_372_036_854_775_807n,
    f8: 5e-324,
    small: '-9999999999.99',
    wide: '1234567890123456789012345678.0123456789',
    fraction: '0.00000000000000000000000000000000000001',
    t: 'é漢😀',
    bytes: new Uint8Array([0, 255]),
    d: '0001-01-01',
    time: '23:59:59.999999',
    timetz: '12:00:00.5+02',
    ts: '9999-12-31 23:59:59.999999',
    tstz: '2026-01-31 12:00:00.000001+00',
    interval: '1 year 2 mons 03:04:05',
    uuid: '00000000-0000-0000-0000-0000000000ff',
    json: '{"a": 1.0,"a":2}',
    list: [['100000000000000000.01', null], []],
  }
  const path = await write(batchOf(all, [row, {}]))
  const values = await read(`SELECT * REPLACE (hex(bytes) AS bytes, tstz::text AS tstz) FROM '${path}'`)
  expect(values).toMatchInlineSnapshot(`
    [
      [
        true,
        -32768,
        "9223372036854775807",
        5e-324,
        "-9999999999.99",
        "1234567890123456789012345678.0123456789",
        "0.00000000000000000000000000000000000001",
        "é漢😀",
        "00FF",
        "0001-01-01",
        "23:59:59.999999",
        "12:00:00.5+02",
        "9999-12-31 23:59:59.999999",
        "2026-01-31 12:00:00.000001+00",
        "1 year 2 mons 03:04:05",
        "00000000-0000-0000-0000-0000000000ff",
        "{"a": 1.0,"a":2}",
        "[[100000000000000000.01,null],[]]",
      ],
      [
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
      ],
    ]
  `)
  const types = await read(`SELECT name, type, logical_type FROM parquet_schema('${path}') OFFSET 1`)
  expect(types).toMatchInlineSnapshot(`
    [
      [
        "b",
        "BOOLEAN",
        null,
      ],
      [
        "i2",
        "INT32",
        "IntType(bitWidth=, isSigned=1)",
      ],
      [
        "i8",
        "INT64",
        null,
      ],
      [
        "f8",
        "DOUBLE",
        null,
      ],
      [
        "small",
        "INT64",
        "DecimalType(scale=2, precision=12)",
      ],
      [
        "wide",
        "FIXED_LEN_BYTE_ARRAY",
        "DecimalType(scale=10, precision=38)",
      ],
      [
        "fraction",
        "BYTE_ARRAY",
        "StringType()",
      ],
      [
        "t",
        "BYTE_ARRAY",
        "StringType()",
      ],
      [
        "bytes",
        "BYTE_ARRAY",
        null,
      ],
      [
        "d",
        "INT32",
        "DateType()",
      ],
      [
        "time",
        "INT64",
        "TimeType(isAdjustedToUTC=0, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))",
      ],
      [
        "timetz",
        "BYTE_ARRAY",
        "StringType()",
      ],
      [
        "ts",
        "INT64",
        "TimestampType(isAdjustedToUTC=0, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))",
      ],
      [
        "tstz",
        "INT64",
        "TimestampType(isAdjustedToUTC=1, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))",
      ],
      [
        "interval",
        "BYTE_ARRAY",
        "StringType()",
      ],
      [
        "uuid",
        "BYTE_ARRAY",
        "StringType()",
      ],
      [
        "json",
        "BYTE_ARRAY",
        "StringType()",
      ],
      [
        "list",
        "BYTE_ARRAY",
        "StringType()",
      ],
    ]
  `)
})

it('gives back random values of many batches in order', { timeout: 60_000 }, async () => {
  const mixed = columns({ id: 'int64', amount: 'decimal(18,4)', name: 'text', at: 'timestamp' })
  const row = fc.record({
    id: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    amount: fc.option(fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }).map((n) => `${n}e-4`)),
    name: fc.option(fc.string({ unit: 'grapheme' })),
    at: fc.option(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { minLength: 1 }), { minLength: 1 }), async (batches) => {
      const path = await write(...batches.map((rows) => batchOf(mixed, rows)))
      const found = await read(
        `SELECT id::text, (amount::DECIMAL(38,4) * 10000)::hugeint::text, name, epoch_us("at")::text FROM '${path}'`,
      )
      const text = (value: bigint | null) => (value === null ? null : String(value))
      const expected = batches
        .flat()
        .map(({ id, amount, name, at }) => [text(id), amount === null ? null : amount.slice(0, -3), name, text(at)])
      expect(found).toEqual(expected)
    }),
    { numRuns: 25 },
  )
})

it('leaves nothing when it is given up', async () => {
  const path = join(directory, 'given-up.parquet')
  {
    await using file = await createParquetFile(path)
    await file.write(stagedBatch(batchOf(columns({ id: 'int64' }), [{ id: 1 }])))
  }
  await expect(stat(path)).rejects.toThrow(/ENOENT/u)
})

it('tells that the disk or the path refuses the file', async () => {
  await expect(createParquetFile(join(directory, 'missing', 'a.parquet'))).rejects.toThrow(/ENOENT/u)
})
