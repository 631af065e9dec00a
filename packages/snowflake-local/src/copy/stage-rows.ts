import type { DuckDBConnection } from '@duckdb/node-api'
import { runDuckdb, readTexts } from '../engine/duckdb.ts'
import { SqlError } from '../engine/sql-error.ts'
import { binary, boolean, date, float, integer, number, text, time, timestamp, variant } from '../catalog/sql-type.ts'
import { jsonText } from '../function/conversion.ts'
import type { FunctionContext, TypedSql } from '../function/function-rule.ts'
import { wholeMicroseconds } from '../function/nanoseconds.ts'
import { quote } from '../function/sql-text.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { BoundQuery, OutputColumn } from '../translate/translator.ts'
import { readCsv } from './csv-records.ts'
import { directName } from './direct-columns.ts'
import type { FileFormat } from './file-format.ts'
import { readFileText } from './file-text.ts'
import { readJson } from './json-records.ts'

/** The rows of files in a stage, as a relation of DuckDB with `c1`, `c2`, … and `line`. */
export interface StageRows {
  readonly relation: string
  /** What a column by this name (exact, or without regard to case) or in this place has; nothing where there is none. */
  readonly byName: (name: string, ignoreCase: boolean) => TypedSql | undefined
  readonly byPlace: (index: number) => TypedSql | undefined
  /** For transformations and queries of a stage: `$1`, `$2`, … and the METADATA$ columns behind them. */
  readonly query: BoundQuery
  /** For transformations: the same, and behind it each column of the file by itself where it has columns. */
  readonly wideQuery: BoundQuery
  readonly rowsParsed: number
  readonly close: () => Promise<void>
}

export interface StageFileSource {
  readonly path: string
  /** As results and METADATA$FILENAME show it. */
  readonly name: string
}

export interface OpenStageOptions {
  readonly connection: DuckDBConnection
  readonly context: FunctionContext
  readonly format: FileFormat
  readonly files: readonly StageFileSource[]
  /** Fields that a record of CSV has to have; any number when left out. */
  readonly fieldsExpected?: number
}

export async function openStageRows(options: OpenStageOptions): Promise<StageRows> {
  return options.format.type === 'PARQUET' ? await openParquet(options) : await openTexts(options)
}

let tables = 0

interface TextRow {
  readonly file: string
  readonly line: number
  readonly fields: readonly (string | null)[]
  readonly fault: string | null
}

/** What the files say of their columns, known once the first record is read. */
interface TextShape {
  header: readonly string[] | undefined
}

async function* readTextRows(
  { format, files, fieldsExpected }: OpenStageOptions,
  shape: TextShape,
): AsyncGenerator<TextRow> {
  for (const file of files) {
    const blocks = readFileText(file.path, format.compression)
    if (format.type === 'JSON') {
      yield* jsonRows(blocks, file.name, format)
      continue
    }
    let isHeader = format.parseHeader
    for await (const record of readCsv(blocks, format)) {
      if (isHeader) {
        shape.header ??= record.fields.map((field) => field ?? '')
        isHeader = false
        continue
      }
      const fault = countFault(record.fields.length, shape.header?.length ?? fieldsExpected, format)
      yield { file: file.name, line: record.line, fields: record.fields, fault }
    }
  }
}

async function* jsonRows(blocks: AsyncIterable<string>, file: string, format: FileFormat): AsyncGenerator<TextRow> {
  let line = 0
  try {
    for await (const document of readJson(blocks, format)) {
      line += 1
      yield { file, line, fields: [document], fault: null }
    }
  } catch (cause) {
    yield { file, line: line + 1, fields: [null], fault: cause instanceof Error ? cause.message : String(cause) }
  }
}

function countFault(found: number, expected: number | undefined, format: FileFormat): string | null {
  if (expected === undefined || found === expected || !format.errorOnColumnCountMismatch) return null
  return `Number of columns in file (${found}) does not match that of the corresponding table (${expected}), use file format option error_on_column_count_mismatch=false to ignore this error`
}

async function openTexts(options: OpenStageOptions): Promise<StageRows> {
  const { connection, format } = options
  tables += 1
  const table = `sf_stage_${tables}`
  const isJson = format.type === 'JSON'
  const shape: TextShape = { header: undefined }
  const { rowsParsed, fieldsMax } = await fill(
    { connection, table, type: isJson ? 'JSON' : 'VARCHAR' },
    options.fieldsExpected ?? 1,
    { rows: readTextRows(options, shape), shape },
  )
  const { header } = shape
  const names = Array.from({ length: fieldsMax }, (_, index) => `c${index + 1}`)
  const relation = `temp.main.${table}`
  const type = isJson ? variant : text()
  const column = (index: number): TypedSql | undefined =>
    index < fieldsMax ? { sql: `c${index + 1}`, type } : undefined
  const query = withMetadata(
    relation,
    names.map((name, index) => ({ name: header?.[index] ?? `$${index + 1}`, type, nullable: true, sql: name })),
  )
  return {
    relation,
    rowsParsed,
    byPlace: column,
    byName: (name, ignoreCase) => {
      if (isJson)
        return { sql: `CAST(sf_get_key(CAST(c1 AS VARCHAR), ${quote(name)}, ${ignoreCase}) AS JSON)`, type: variant }
      const at = indexOfName(header ?? [], name, ignoreCase)
      return at < 0 ? undefined : column(at)
    },
    query,
    wideQuery: query,
    close: async () => {
      await runDuckdb(connection, `DROP TABLE IF EXISTS ${relation}`)
    },
  }
}

interface StagedTable {
  readonly connection: DuckDBConnection
  readonly table: string
  readonly type: 'JSON' | 'VARCHAR'
}

/** Writes the rows down as they are read; the table gets as many columns as the longest record has fields. */
async function fill(
  staged: StagedTable,
  fieldsExpected: number,
  { rows, shape }: { readonly rows: AsyncIterable<TextRow>; readonly shape: TextShape },
): Promise<{ readonly rowsParsed: number; readonly fieldsMax: number }> {
  const { connection, table, type } = staged
  let width = fieldsExpected
  let rowsParsed = 0
  const definitions = Array.from({ length: width }, (_, index) => `c${index + 1} ${type}`)
  await runDuckdb(
    connection,
    `CREATE TEMP TABLE ${table} (file VARCHAR, line BIGINT, fault VARCHAR, ${definitions.join(', ')})`,
  )
  let appender = await connection.createAppender(table, 'main', 'temp')
  for await (const row of rows) {
    const wanted = Math.max(row.fields.length, shape.header?.length ?? 0)
    if (wanted > width) {
      appender.closeSync()
      await widen(staged, width, wanted)
      width = wanted
      appender = await connection.createAppender(table, 'main', 'temp')
    }
    appendRow(appender, row, width)
    rowsParsed += 1
  }
  appender.closeSync()
  if ((shape.header?.length ?? 0) <= width) return { rowsParsed, fieldsMax: width }
  await widen(staged, width, shape.header?.length ?? width)
  return { rowsParsed, fieldsMax: shape.header?.length ?? width }
}

type Appender = Awaited<ReturnType<DuckDBConnection['createAppender']>>

function appendRow(appender: Appender, { file, line, fields, fault }: TextRow, width: number): void {
  appender.appendVarchar(file)
  appender.appendBigInt(BigInt(line))
  if (fault === null) appender.appendNull()
  else appender.appendVarchar(fault)
  for (let index = 0; index < width; index += 1) {
    const value = fields[index] ?? null
    if (value === null) appender.appendNull()
    else appender.appendVarchar(value)
  }
  appender.endRow()
}

async function widen({ connection, table, type }: StagedTable, from: number, to: number): Promise<void> {
  for (let column = from + 1; column <= to; column += 1) {
    await runDuckdb(connection, `ALTER TABLE temp.main.${table} ADD COLUMN c${column} ${type}`)
  }
}

function indexOfName(names: readonly string[], name: string, ignoreCase: boolean): number {
  const wanted = ignoreCase ? name.toLowerCase() : name
  return names.findIndex((candidate) => (ignoreCase ? candidate.toLowerCase() : candidate) === wanted)
}

interface QueryColumn extends OutputColumn {
  readonly sql: string
}

function withMetadata(
  relation: string,
  columns: readonly QueryColumn[],
  behind: readonly QueryColumn[] = [],
): BoundQuery {
  const metadata: readonly QueryColumn[] = [
    { name: 'METADATA$FILENAME', type: text(), nullable: false, sql: 'file' },
    { name: 'METADATA$FILE_ROW_NUMBER', type: integer, nullable: false, sql: 'line' },
  ]
  const all = [...columns, ...metadata, ...behind]
  return {
    sql: `SELECT ${all.map(({ sql }, index) => `${sql} AS c${index + 1}`).join(', ')} FROM ${relation}`,
    columns: all.map(({ name, type, nullable }) => ({ name, type, nullable })),
  }
}

async function openParquet(options: OpenStageOptions): Promise<StageRows> {
  const { connection, context, files, format } = options
  const paths = `[${files.map(({ path }) => quote(path)).join(', ')}]`
  const read = `read_parquet(${paths}, union_by_name = true, filename = 'file', file_row_number = true)`
  const described = await describe(connection, read)
  const columns = described.filter(([name]) => name !== 'file' && name !== 'file_row_number')
  const typed = new Map(columns.map(([name, type]) => [name, typedColumn(name, type, format)]))
  const names = `CASE file ${files.map(({ name, path }) => `WHEN ${quote(path)} THEN ${quote(name)}`).join(' ')} END`
  const relation = `(SELECT * REPLACE (${names} AS file), file_row_number + 1 AS line, CAST(NULL AS VARCHAR) AS fault FROM ${read})`
  const [[count] = ['0']] = await readTexts(
    connection,
    `SELECT CAST(sum(num_rows) AS VARCHAR) FROM parquet_file_metadata(${paths})`,
  )
  const row = wholeRow(typed, context)
  const whole: QueryColumn = { name: '$1', type: variant, nullable: true, sql: row }
  const direct = [...typed].map(([name, value]): QueryColumn => ({ ...value, name: directName(name), nullable: true }))
  return {
    relation,
    rowsParsed: Number(count ?? 0),
    byPlace: (index) => (index === 0 ? { sql: row, type: variant } : undefined),
    byName: (name, ignoreCase) => {
      const at = indexOfName([...typed.keys()], name, ignoreCase)
      return [...typed.values()][at]
    },
    query: withMetadata(relation, [whole]),
    wideQuery: withMetadata(relation, [whole], direct),
    close: async () => await Promise.resolve(),
  }
}

async function describe(connection: DuckDBConnection, read: string): Promise<readonly (readonly [string, string])[]> {
  const rows = await readTexts(connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${read})`)
  return rows.map(([name, type]) => [name ?? '', type ?? ''])
}

/** The one column that a row of Parquet is to a transformation. */
function wholeRow(columns: ReadonlyMap<string, TypedSql>, context: FunctionContext): string {
  const pairs = [...columns].flatMap(([name, value]) => [quote(name), jsonText(value, { context })])
  return `CAST(sf_object_construct(CAST([${pairs.join(', ')}] AS VARCHAR[]), TRUE) AS JSON)`
}

function typedColumn(name: string, duckdbType: string, { binaryAsText }: FileFormat): TypedSql {
  const sql = quoteName(name)
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/u.exec(duckdbType)
  if (decimal !== null) return { sql, type: number(Number(decimal[1]), Number(decimal[2])) }
  if (/^U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?$/u.test(duckdbType)) return { sql, type: integer }
  switch (duckdbType) {
    case 'DOUBLE':
    case 'FLOAT':
      return { sql: `CAST(${sql} AS DOUBLE)`, type: float }
    case 'BOOLEAN':
      return { sql, type: boolean }
    case 'DATE':
      return { sql, type: date }
    case 'TIME':
      return { sql, type: time() }
    case 'TIMESTAMP WITH TIME ZONE':
      return { sql, type: timestamp('TIMESTAMP_LTZ') }
    case 'TIMESTAMP_NS':
      return {
        sql: `make_timestamp(${wholeMicroseconds(`epoch_ns(${sql})`)})`,
        type: timestamp('TIMESTAMP_NTZ'),
      }
    case 'TIMESTAMP':
    case 'TIMESTAMP_MS':
    case 'TIMESTAMP_S':
      return { sql: `CAST(${sql} AS TIMESTAMP)`, type: timestamp('TIMESTAMP_NTZ') }
    case 'BLOB':
      return binaryAsText ? { sql: `decode(${sql})`, type: text() } : { sql, type: binary() }
    case 'VARCHAR':
    case 'JSON':
    case 'UUID':
      return { sql: `CAST(${sql} AS VARCHAR)`, type: text() }
    default:
      return nested(sql, duckdbType)
  }
}

function nested(sql: string, duckdbType: string): TypedSql {
  if (/^(?:STRUCT|MAP)\(|\[\]$/u.test(duckdbType)) {
    return { sql: `CAST(sf_parse_json(CAST(to_json(${sql}) AS VARCHAR)) AS JSON)`, type: variant }
  }
  throw new SqlError({
    code: '100072',
    sqlState: '0A000',
    message: `Unsupported feature 'Parquet column of type ${duckdbType}'.`,
  })
}
