import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBatchBuilder, formatColumnType, formatValue } from '@eclusa/sdk'
import type { ChangeBatch, ColumnType, ConfiguredStream } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestPlace } from '../../testing/local-account.ts'
import type { TestPlace } from '../../testing/local-account.ts'
import { createParquetFile } from '../parquet/parquet-file.ts'
import { copiedValue, copyInto, loadedRows } from '../staging/copy-into.ts'
import { acceptBatch } from './accept-batch.ts'
import type { AcceptOptions } from './accept-batch.ts'
import { arbitraryValue, everyType } from '../../testing/random-value.ts'
import { sameJson } from '../../testing/same-json.ts'

let place: TestPlace
let directory: string
let files = 0

beforeAll(async () => {
  place = await openTestPlace()
  directory = await mkdtemp(join(tmpdir(), 'eclusa-accept-'))
})
afterAll(async () => {
  await place[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

type Types = Readonly<Record<string, ColumnType>>
type Rows = readonly Readonly<Record<string, unknown>>[]

function batchOf(types: Types, rows: Rows): ChangeBatch {
  const columns = Object.entries(types).map(([name, type]) => ({ name, type, nullable: true }))
  const builder = createBatchBuilder({
    stream: { name: 's' },
    schema: { version: 1, columns },
    budget: { batchBytesMax: Infinity, batchRowsMax: Infinity },
  })
  for (const row of rows) builder.append(row)
  return builder.finish()
}

const configured: ConfiguredStream = {
  stream: { name: 's' },
  schema: { version: 1, columns: [] },
  primaryKey: ['id'],
  syncMode: 'incremental',
  destinationSyncMode: 'append',
  target: { name: 's' },
  schemaPolicy: 'evolve',
  onUnrepresentable: 'null',
} as unknown as ConfiguredStream

const options: AcceptOptions = {
  configured,
  runId: 'run 1',
  generationId: 4,
  rawIds: { prefix: '00000000-0001-8abc-8def-12', first: 0 },
  nowMs: Date.UTC(2026, 0, 31),
  valueBytesMax: 134_217_728,
}

const rowTypes: Types = {
  _airbyte_raw_id: { type: 'uuid' },
  _airbyte_extracted_at: { type: 'timestamptz' },
  _airbyte_meta: { type: 'json' },
  _airbyte_generation_id: { type: 'int64' },
}

/** Through the file, the stage and COPY into a table, and back through the driver: in the order of the rows. */
async function load(batch: ChangeBatch, types: Types, accepting: Partial<AcceptOptions> = {}): Promise<unknown[][]> {
  const { rows } = acceptBatch(batch, { ...options, ...accepting })
  const number = (files += 1)
  const path = join(directory, `${number}.parquet`)
  await using file = await createParquetFile(path)
  await file.write(rows)
  await file.close()
  const { session, database, schema, stage } = place
  const table = { database, schema, identifier: `T${number}` }
  const columns = Object.entries({ ...types, ...rowTypes })
  await session.put([path], stage)
  await session.query(
    snowflakeDialect.createTable(
      table,
      columns.map(([name, type]) => ({ name, sqlType: snowflakeDialect.sqlTypeOf(type) })),
    ),
  )
  const copy = copyInto({
    table,
    columns: columns.map(([name, type]) => ({ name, value: copiedValue(name, type) })),
    stage,
    files: [`${number}.parquet`],
  })
  expect(loadedRows(await session.query(copy))).toBe(batch.records.numRows)
  const from = `FROM ${snowflakeDialect.formatRelation(table)} ORDER BY "_airbyte_raw_id"`
  const { rows: found } = await session.query(`SELECT * ${from}`)
  await session.query(snowflakeDialect.dropRelation(table, 'table'))
  return found.map((row) => [...row])
}

/** What a value looks like when it comes back: the text of the source, in Snowflake's spelling of times. */
function isSame(type: ColumnType, found: unknown, expected: string): boolean {
  switch (type.type) {
    case 'boolean':
      return found === (expected === 't')
    case 'float32':
      return Math.fround(Number(expected)) === found || (Number.isNaN(found) && expected === 'NaN')
    case 'float64':
      return Number(found) === Number(expected) || (Number.isNaN(found) && expected === 'NaN')
    case 'bytes':
      return `\\x${Buffer.from(found as Uint8Array).toString('hex')}` === expected
    case 'json':
    case 'list':
      return sameJson(String(found), expected)
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return plainTime(String(found)) === plainTime(expected)
    default:
      return String(found) === expected
  }
}

/** Without the zeros behind a fraction, and without the offset, which is UTC. */
function plainTime(text: string): string {
  const time = text.replace(/ ?\+00(?:00)?$/u, '')
  return time.includes('.') ? time.replace(/\.?0+$/u, '') : time
}

it(
  'holds exactly what it is said to hold; the rest is NULL, with its exact text beside its row',
  { timeout: 30_000 },
  async () => {
    const types = Object.fromEntries(everyType.map((type) => [formatColumnType(type), type]))
    const row = fc.record(
      Object.fromEntries(
        everyType.map((type) => [formatColumnType(type), fc.option(arbitraryValue(type), { freq: 8 })] as const),
      ),
    )
    const property = fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 100 }), async (rows) => {
      const valuesOf = (one: (typeof rows)[number]) =>
        Object.fromEntries(Object.entries(one).map(([name, value]) => [name, value?.value ?? null]))
      const batch = batchOf(types, rows.map(valuesOf))
      const found = await load(batch, types)
      for (const [index, random] of rows.entries()) {
        const { changes } = JSON.parse(String(found[index]?.[everyType.length + 2])) as { changes: Change[] }
        const texts = new Map(changes.map(({ field, value }) => [field, value]))
        for (const [column, type] of everyType.entries()) {
          const name = formatColumnType(type)
          const value = random[name] ?? null
          const back = found[index]?.[column]
          const text = value === null ? null : formatValue(type, batch.records.data.children.at(column)!, index)
          const expected = text !== null && type.type === 'list' ? jsonOf(type, value!.value) : text
          const outcome = value?.isHeld === false ? [null, text] : [same(type, back, expected), undefined]
          expect([name, back, texts.get(name)]).toEqual([name, ...outcome])
        }
      }
    })
    await fc.assert(property, { numRuns: 5, endOnFailure: true })
  },
)

interface Change {
  readonly field: string
  readonly value: string
}

/** What came back, if it is the value of the text; else the text. */
function same(type: ColumnType, found: unknown, expected: string | null): unknown {
  return found !== null && expected !== null && isSame(type, found, expected) ? found : expected
}

/** The JSON that an ARRAY of these elements is. */
function jsonOf(type: ColumnType, value: unknown): string {
  if (value === null) return 'null'
  if (type.type === 'list') return `[${(value as unknown[]).map((one) => jsonOf(type.element, one)).join()}]`
  if (value instanceof Date) return JSON.stringify(value.toISOString().replace(/T.*$/u, ''))
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value))
  const isText = typeof value === 'string' && type.type !== 'json' && type.type !== 'decimal'
  return isText ? JSON.stringify(value) : `${value as string | number | bigint | boolean}`
}

it('counts what it could not hold, and says why', async () => {
  const types: Types = { d: { type: 'date' }, j: { type: 'json' } }
  const batch = batchOf(types, [
    { d: 'infinity', j: '{"a":1,"a":2}' },
    { d: '2026-01-01', j: '1' },
  ])
  expect(acceptBatch(batch, options).unheldCount).toBe(2)
  const [[, , , , meta] = []] = await load(batch, types)
  expect(JSON.parse(String(meta))).toEqual({
    sync_id: 'run 1',
    changes: [
      {
        field: 'd',
        change: 'NULLED',
        reason: 'DESTINATION_SERIALIZATION_ERROR',
        detail: 'Snowflake holds dates of the years 1 to 9999',
        value: 'infinity',
      },
      {
        field: 'j',
        change: 'NULLED',
        reason: 'DESTINATION_SERIALIZATION_ERROR',
        detail: 'an object has two members of one name, of which VARIANT keeps one',
        value: '{"a":1,"a":2}',
      },
    ],
  })
})
