import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection } from '@duckdb/node-api'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { binary, date, duckdbType, integer, number, text, timestamp, variant } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import type { FunctionContext } from '../function/function-rule.ts'
import { installFunctions } from '../function/install-functions.ts'
import type { Options } from '../parse/ast-option.ts'
import type { BoundQuery } from '../translate/translator.ts'
import { parseStatement } from '../parse/parse-statement.ts'
import { copyIntoLocation } from './copy-into-location.ts'
import { copyIntoTable } from './copy-into-table.ts'
import type { CopyIntoTableRequest, CopyResult } from './copy-request.ts'
import { fileFormatOptions, resolveFileFormat } from './file-format.ts'
import { forgetLoads, loadHistoryDdl } from './load-history.ts'

const context: FunctionContext = {
  user: 'U',
  role: 'R',
  warehouse: undefined,
  database: 'DB',
  schema: 'PUBLIC',
  sessionId: '1',
  queryId: 'q1',
  lastQueryId: () => undefined,
  parameter: (name) => (name === 'TIMEZONE' ? 'UTC' : undefined),
  startedUs: 0n,
  variable: () => undefined,
}

const columns = [
  { name: 'ID', physical: 'id', type: number(10, 0), nullable: false },
  { name: 'AMOUNT', physical: 'amount', type: number(18, 4), nullable: true },
  { name: 'NAME', physical: 'name', type: text(10), nullable: true },
  { name: 'DAY', physical: 'day', type: date, nullable: true },
  { name: 'AT', physical: '"at"', type: timestamp('TIMESTAMP_NTZ'), nullable: true },
  { name: 'DOC', physical: 'doc', type: variant, nullable: true },
  { name: 'RAW', physical: 'raw', type: binary(), nullable: true },
]

let connection: DuckDBConnection
let directory: string

beforeAll(async () => {
  const instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  installFunctions(connection)
  await connection.run(loadHistoryDdl)
})

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'copy-'))
  const definitions = columns.map(({ physical, type }) => `${physical} ${duckdbType(type)}`)
  await connection.run(`CREATE OR REPLACE TABLE loaded (${definitions.join(', ')})`)
  await forgetLoads(connection, 1)
  return async () => await rm(directory, { recursive: true, force: true })
})

afterAll(() => {
  connection.closeSync()
})

function optionsOf(sql: string): Options {
  const statement = parseStatement(`COPY INTO t FROM @s ${sql}`)
  if (statement.kind !== 'copyIntoTable') throw new Error('The options of a COPY are wanted')
  return statement.options
}

async function insert(names: readonly string[], rows: BoundQuery): Promise<number> {
  const physical = names.map((name) => columns.find((column) => column.name === name)?.physical ?? '')
  return (await connection.run(`INSERT INTO loaded (${physical.join(', ')}) ${rows.sql}`)).rowsChanged
}

async function load(sql: string, extra: Partial<CopyIntoTableRequest> = {}): Promise<CopyResult> {
  const options = optionsOf(sql)
  const later: (() => Promise<void>)[] = []
  const result = await copyIntoTable({
    connection,
    context,
    options,
    format: resolveFileFormat(fileFormatOptions(options).options),
    location: { directory, path: '', label: 'stage1/' },
    target: { tableId: 1, name: '"LOADED"', columns, insert },
    columns: [],
    afterCommit: (work) => later.push(work),
    ...extra,
  })
  for (const work of later) await work()
  return result
}

async function rowsOf(sql: string): Promise<readonly unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJson()
}

test('loads CSV with quotes, NULLs, formats and escapes', async () => {
  await writeFile(
    join(directory, 'a.csv.gz'),
    zlib.gzipSync('id;amount;name\n1;1.50005;"a;""b"";\nc";05.03.2024;2024-03-05 10:11:12.5;;FF00\n2;\\N;\n'),
  )
  await load(
    `FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = ';' SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '"' DATE_FORMAT = 'DD.MM.YYYY' ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE)`,
  )
  expect(
    await rowsOf(
      'SELECT CAST(id AS VARCHAR), CAST(amount AS VARCHAR), name, day, "at", hex(raw) FROM loaded ORDER BY id',
    ),
  ).toEqual([
    ['1', '1.5001', 'a;"b";\nc', '2024-03-05', '2024-03-05 10:11:12.5', 'FF00'],
    ['2', null, null, null, null, null],
  ])
})

test('loads a file once, again when it changed, and once more by force', async () => {
  const format = `FILE_FORMAT = (TYPE = CSV ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE)`
  await writeFile(join(directory, 'a.csv'), '1,2\n')
  expect((await load(format)).rows).toEqual([['stage1/a.csv', 'LOADED', '1', '1', '1', '0', null, null, null, null]])
  expect((await load(format)).rows).toEqual([['Copy executed with 0 files processed.']])
  await writeFile(join(directory, 'a.csv'), '3,4\n')
  expect((await load(format)).rowsLoaded).toBe(1)
  expect((await load(`${format} FORCE = TRUE`)).rowsLoaded).toBe(1)
  await forgetLoads(connection, 1)
  expect((await load(`${format} PURGE = TRUE`)).rowsLoaded).toBe(1)
  await expect(load(`${format} FILES = ('a.csv')`)).rejects.toMatchObject({ code: '091016' })
})

test('aborts, continues or skips the file at a row that does not fit', async () => {
  await writeFile(join(directory, 'a.csv'), '1,x\n2,3\n,4\n5,6,much too long a name\n')
  const format = `FILE_FORMAT = (TYPE = CSV ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE)`
  await expect(load(format)).rejects.toMatchObject({ code: '100038', message: expect.stringContaining("'x'") })
  expect((await load(`${format} ON_ERROR = SKIP_FILE_4`)).rowsLoaded).toBe(1)
  await forgetLoads(connection, 1)
  expect((await load(`${format} ON_ERROR = SKIP_FILE`)).rows).toEqual([
    ['stage1/a.csv', 'LOAD_FAILED', '4', '0', '1', '3', "Numeric value 'x' is not recognized", '1', '1', '"AMOUNT"'],
  ])
  const { rows } = await load(`${format} ON_ERROR = CONTINUE`)
  expect(rows[0]?.slice(0, 6)).toEqual(['stage1/a.csv', 'PARTIALLY_LOADED', '4', '1', '4', '3'])
  const found = (await load(`${format} VALIDATION_MODE = RETURN_ALL_ERRORS`)).rows
  expect(found.map(([, , line, , code, , column]) => [line, code, column])).toEqual([
    ['1', '100038', '"AMOUNT"'],
    ['3', '100072', '"ID"'],
    ['4', '100074', '"NAME"'],
  ])
  await expect(load(`${format} VALIDATION_MODE = RETURN_2_ROWS`)).rejects.toMatchObject({ code: '100038' })
  const skipped = format.replace(')', ' SKIP_HEADER = 1)')
  const first = await load(`${skipped} VALIDATION_MODE = RETURN_1_ROWS`)
  expect(first.rows.map((row) => row.slice(0, 2))).toEqual([['2', '3.0000']])
  expect(first.columns.map(({ name }) => name).slice(0, 3)).toEqual(['ID', 'AMOUNT', 'NAME'])
})

test('goes on to the next file until SIZE_LIMIT is passed', async () => {
  for (const name of ['a', 'b', 'c']) await writeFile(join(directory, `${name}.csv`), '1,2\n')
  const format = 'FILE_FORMAT = (TYPE = CSV ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE)'
  expect((await load(`${format} SIZE_LIMIT = 4`)).rowsLoaded).toBe(2)
  expect((await load(`${format} SIZE_LIMIT = 1`)).rowsLoaded).toBe(1)
})

test('reads records of any length, wherever the blocks of the file end, and as many fields as they have', async () => {
  const long = 'é"\n'.repeat(300_000)
  const quoted = `"${long.replaceAll('"', '""')}"`
  await writeFile(join(directory, 'a.csv'), `\uFEFF1,2\n2,3,${quoted}\n3,4,x\n`)
  const format = `FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '"' ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE) TRUNCATECOLUMNS = TRUE`
  expect((await load(format)).rows[0]?.slice(0, 4)).toEqual(['stage1/a.csv', 'LOADED', '3', '3'])
})

test('counts the fields of a record', async () => {
  await writeFile(join(directory, 'a.csv'), '1,2\n')
  await expect(load('FILE_FORMAT = (TYPE = CSV)')).rejects.toMatchObject({ code: '100080' })
})

test('loads JSON documents by name, and whole into a VARIANT', async () => {
  await writeFile(join(directory, 'a.json'), '[{"id": 1, "doc": {"b": 1.10, "a": null}}, {"ID": 2, "name": "n"}]')
  await load(`FILE_FORMAT = (TYPE = JSON STRIP_OUTER_ARRAY = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE`)
  expect(await rowsOf('SELECT CAST(id AS VARCHAR), name, CAST(doc AS VARCHAR) FROM loaded ORDER BY id')).toEqual([
    ['1', null, '{"a":null,"b":1.1}'],
    ['2', 'n', null],
  ])
  await expect(load('FILE_FORMAT = (TYPE = JSON) FORCE = TRUE')).rejects.toMatchObject({ code: '002019' })
})

const parquetSql =
  "SELECT CAST(7 AS BIGINT) AS id, CAST(12345678901234.5678 AS DECIMAL(18,4)) AS amount, 'n' AS name, DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 01:02:03.123456' AS at, '{\"k\":1}' AS doc, '\\x00\\xFF'::BLOB AS raw"

test('loads Parquet by name with exact decimals, microseconds and binaries', async () => {
  await connection.run(`COPY (${parquetSql}) TO '${join(directory, 'a.parquet')}' (FORMAT parquet, COMPRESSION zstd)`)
  const { rows } = await load(
    'FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE',
  )
  expect(rows[0]?.slice(0, 4)).toEqual(['stage1/a.parquet', 'LOADED', '1', '1'])
  expect(
    await rowsOf(
      'SELECT CAST(id AS VARCHAR), CAST(amount AS VARCHAR), name, CAST("at" AS VARCHAR), CAST(doc AS VARCHAR), hex(raw) FROM loaded',
    ),
  ).toEqual([['7', '12345678901234.5678', 'n', '2024-02-29 01:02:03.123456', '"{\\"k\\":1}"', '00FF']])
})

test('gives a transformation a row of Parquet as one VARIANT', async () => {
  await connection.run(`COPY (${parquetSql}) TO '${join(directory, 'a.parquet')}' (FORMAT parquet)`)
  const types: readonly SqlType[] = [integer, variant]
  await load('FILE_FORMAT = (TYPE = PARQUET BINARY_AS_TEXT = FALSE)', {
    columns: ['ID', 'DOC'],
    transform: (source) => ({
      sql: `SELECT CAST(sf_number_text(CAST(CAST(sf_get_key(CAST(c1 AS VARCHAR), 'id', FALSE) AS JSON) AS VARCHAR)) AS DECIMAL(38,0)) AS c1, CAST(sf_get_key(CAST(c1 AS VARCHAR), 'amount', FALSE) AS JSON) AS c2 FROM (${source.sql})`,
      columns: types.map((type, index) => ({ name: `C${index}`, type, nullable: true })),
    }),
  })
  expect(await rowsOf('SELECT CAST(id AS VARCHAR), CAST(doc AS VARCHAR) FROM loaded')).toEqual([
    ['7', '12345678901234.5678'],
  ])
})

test('unloads CSV, JSON and Parquet that load again, and overwrites only when told to', async () => {
  const source = {
    sql: `SELECT 1 AS c1, 'a,"b"' AS c2 UNION ALL SELECT 2, NULL`,
    columns: [
      { name: 'ID', type: number(10, 0), nullable: false },
      { name: 'NAME', type: text(10), nullable: true },
    ],
  }
  const unload = async (path: string, sql: string): Promise<CopyResult> => {
    const options = optionsOf(sql)
    const format = resolveFileFormat(fileFormatOptions(options).options)
    return await copyIntoLocation({
      connection,
      context,
      options,
      format,
      source,
      location: { directory, path, label: 's/' },
    })
  }
  const csv = `FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '"') HEADER = TRUE`
  const { rows } = await unload('csv/', csv)
  expect(rows[0]?.slice(0, 2)).toEqual(['2', '29'])
  await expect(unload('csv/', csv)).rejects.toMatchObject({ code: '001030' })
  expect((await unload('csv/', `${csv} OVERWRITE = TRUE DETAILED_OUTPUT = TRUE`)).rows[0]?.[0]).toBe(
    'csv/data_0_0_0.csv.gz',
  )
  await unload('p/', 'FILE_FORMAT = (TYPE = PARQUET) HEADER = TRUE')
  await load(`FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE`, {
    location: { directory, path: 'p/', label: 's/' },
  })
  await load(
    `FILE_FORMAT = (TYPE = CSV PARSE_HEADER = TRUE FIELD_OPTIONALLY_ENCLOSED_BY = '"') MATCH_BY_COLUMN_NAME = CASE_SENSITIVE`,
    {
      location: { directory, path: 'csv/', label: 's/' },
    },
  )
  expect(
    await rowsOf('SELECT CAST(id AS VARCHAR), name, CAST(count(*) AS VARCHAR) FROM loaded GROUP BY ALL ORDER BY 1'),
  ).toEqual([
    ['1', 'a,"b"', '2'],
    ['2', null, '2'],
  ])
})
