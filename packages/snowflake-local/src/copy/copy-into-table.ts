import { rm } from 'node:fs/promises'
import { readNumber, readTexts } from '../engine/duckdb.ts'
import { SqlError, unsupportedFeature } from '../engine/sql-error.ts'
import { integer, resultColumn, text } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import type { ResultColumn, ResultRow } from '../engine/statement.ts'
import type { TypedSql } from '../function/function-rule.ts'
import { isOptionTrue, optionText } from '../parse/ast-option.ts'
import type { CopyIntoTableRequest, CopyResult } from './copy-request.ts'
import { loadedFiles, recordLoad } from './load-history.ts'
import { onErrorOf } from './on-error.ts'
import type { OnError } from './on-error.ts'
import { etagOf, filesOf } from './stage-files-of.ts'
import type { CopyFile } from './stage-files-of.ts'
import { openStageRows } from './stage-rows.ts'
import type { StageRows } from './stage-rows.ts'
import { listedColumns, matchOf, targetValues } from './target-values.ts'
import type { TargetValue } from './target-values.ts'

const resultColumns: readonly ResultColumn[] = [
  resultColumn('file', text()),
  resultColumn('status', text()),
  resultColumn('rows_parsed', integer),
  resultColumn('rows_loaded', integer),
  resultColumn('error_limit', integer),
  resultColumn('errors_seen', integer),
  resultColumn('first_error', text()),
  resultColumn('first_error_line', integer),
  resultColumn('first_error_character', integer),
  resultColumn('first_error_column_name', text()),
]

interface FileLoad {
  readonly status: 'LOADED' | 'PARTIALLY_LOADED' | 'LOAD_FAILED'
  readonly rowsParsed: number
  readonly rowsLoaded: number
  readonly errorLimit: number
  readonly errors: RowErrors
}

interface RowErrors {
  readonly count: number
  readonly message: string | null
  readonly code: string | null
  readonly sqlState: string | null
  readonly line: number | null
  readonly column: string | null
}

const noErrors: RowErrors = { count: 0, message: null, code: null, sqlState: null, line: null, column: null }

/** COPY INTO a table: each file once, in the transaction of the connection. @throws SqlError */
export async function copyIntoTable(request: CopyIntoTableRequest): Promise<CopyResult> {
  const { connection, location, options, target } = request
  const validation = optionText(options.get('VALIDATION_MODE'))?.toUpperCase()
  if (validation !== undefined) return await validate(request, validation)
  const nowMs = Date.now()
  const stageLocation = location.label
  const loaded = isOptionTrue(options.get('FORCE'))
    ? new Map<string, string>()
    : await loadedFiles(connection, { tableId: target.tableId, stageLocation, nowMs })
  const rows: ResultRow[] = []
  let rowsLoaded = 0
  const done: CopyFile[] = []
  for (const file of await filesOf(location, options)) {
    const etag = await etagOf(file.path)
    if (loaded.get(file.name) === etag) continue
    const load = await loadFile(request, file)
    rows.push(resultRow(file, load))
    rowsLoaded += load.rowsLoaded
    if (load.status === 'LOADED') done.push(file)
    await recordLoad(connection, {
      tableId: target.tableId,
      stageLocation,
      fileName: file.name,
      etag,
      loadedMs: nowMs,
      status: load.status,
      rowsParsed: load.rowsParsed,
      rowsLoaded: load.rowsLoaded,
      errorsSeen: load.errors.count,
      errorLimit: load.errorLimit,
      firstError: load.errors.message,
      firstErrorLine: load.errors.line,
      firstErrorColumn: load.errors.column,
    })
  }
  if (isOptionTrue(options.get('PURGE'))) {
    request.afterCommit(async () => {
      for (const { path } of done) await rm(path, { force: true })
    })
  }
  if (rows.length > 0) return { columns: resultColumns, rows, rowsLoaded }
  return { columns: [resultColumn('status', text())], rows: [['Copy executed with 0 files processed.']], rowsLoaded }
}

function resultRow(file: CopyFile, { status, rowsParsed, rowsLoaded, errorLimit, errors }: FileLoad): ResultRow {
  return [
    file.label,
    status,
    String(rowsParsed),
    String(rowsLoaded),
    String(errorLimit),
    String(errors.count),
    errors.message,
    errors.line === null ? null : String(errors.line),
    errors.line === null ? null : '1',
    errors.column,
  ]
}

async function openFile(request: CopyIntoTableRequest, file: CopyFile): Promise<StageRows> {
  const { connection, context, format, transform } = request
  const isByPlace = transform === undefined && matchOf(request) === 'NONE'
  return await openStageRows({
    connection,
    context,
    format,
    files: [{ path: file.path, name: file.label }],
    ...(isByPlace ? { fieldsExpected: listedColumns(request).length } : {}),
  })
}

async function loadFile(request: CopyIntoTableRequest, file: CopyFile): Promise<FileLoad> {
  const rows = await openFile(request, file)
  try {
    return await loadRows(request, file, rows)
  } finally {
    await rows.close()
  }
}

async function loadRows(request: CopyIntoTableRequest, file: CopyFile, rows: StageRows): Promise<FileLoad> {
  const onError = onErrorOf(request.options)
  const values = targetValues(request, rows)
  const relation = relationOf(request, rows)
  // A failing statement would end an open transaction of DuckDB, so texts are tried before they are loaded.
  const isTried = request.format.type !== 'PARQUET' || onError.kind !== 'ABORT_STATEMENT'
  const errors = isTried && request.transform === undefined ? await findErrors(request, values, relation) : noErrors
  const { rowsParsed } = rows
  const errorLimit = onError.errorLimit(rowsParsed)
  if (errors.count > 0 && onError.kind === 'ABORT_STATEMENT') throw abortion(request, file, errors)
  if (isSkipped(onError, errors, errorLimit)) {
    return { status: 'LOAD_FAILED', rowsParsed, rowsLoaded: 0, errorLimit, errors }
  }
  const rowsLoaded = await insert(
    request,
    values,
    errors.count === 0 ? relation : `(SELECT * FROM ${relation} WHERE ${faulty(values)} IS NULL)`,
  )
  const status = errors.count === 0 ? 'LOADED' : rowsLoaded === 0 && rowsParsed > 0 ? 'LOAD_FAILED' : 'PARTIALLY_LOADED'
  return { status, rowsParsed, rowsLoaded, errorLimit, errors }
}

function isSkipped({ kind }: OnError, { count }: RowErrors, errorLimit: number): boolean {
  return kind === 'SKIP_FILE' && count >= errorLimit && count > 0
}

function relationOf({ transform }: CopyIntoTableRequest, rows: StageRows): string {
  if (transform === undefined) return rows.relation
  return `(SELECT *, CAST(NULL AS VARCHAR) AS fault, CAST(NULL AS BIGINT) AS line FROM (${transform(rows.wideQuery).sql}))`
}

async function insert(
  { target }: CopyIntoTableRequest,
  values: readonly TargetValue[],
  relation: string,
): Promise<number> {
  if (values.length === 0) return 0
  return await target.insert(
    values.map(({ column }) => column.name),
    {
      sql: `SELECT ${values.map(({ converted }, index) => `${converted} AS c${index + 1}`).join(', ')} FROM ${relation} AS staged`,
      columns: values.map(({ column }) => ({ name: column.name, type: writtenType(column.type), nullable: true })),
    },
  )
}

/** A text may be longer than its column until it is written. */
function writtenType(type: SqlType): SqlType {
  return type.name === 'TEXT' ? text() : type
}

/** A JSON null becomes NULL without being a fault. */
function hasValue({ sql, type }: TypedSql): string {
  return type.name === 'VARIANT' ? `sf_strip_null(CAST(${sql} AS VARCHAR)) IS NOT NULL` : `${sql} IS NOT NULL`
}

/** The number of the first column in which a row does not fit, 0 where the record itself is at fault; NULL where all fits. */
function faulty(values: readonly TargetValue[]): string {
  const tests = values.flatMap(({ column, source, converted, lengthMax }, index) => {
    const conditions: string[] = []
    const isSame = column.type.name === source.type.name
    if (!column.nullable) conditions.push(isSame ? `${converted} IS NULL` : `TRY(${converted}) IS NULL`)
    else if (!isSame) conditions.push(`${hasValue(source)} AND TRY(${converted}) IS NULL`)
    if (lengthMax !== undefined) conditions.push(`length(${converted}) > ${lengthMax}`)
    return conditions.map((condition) => `WHEN ${condition} THEN ${index + 1}`)
  })
  return `CASE WHEN fault IS NOT NULL THEN 0 ${tests.join(' ')} END`
}

async function findErrors(
  { connection }: CopyIntoTableRequest,
  values: readonly TargetValue[],
  relation: string,
): Promise<RowErrors> {
  const marked = `(SELECT line, fault, ${faulty(values)} AS place FROM ${relation} AS staged)`
  const count = await readNumber(connection, `SELECT count(*) FROM ${marked} WHERE place IS NOT NULL`)
  if (count === 0) return noErrors
  const [[line, place, fault] = []] = await readTexts(
    connection,
    `SELECT CAST(line AS VARCHAR), CAST(place AS VARCHAR), fault FROM ${marked} WHERE place IS NOT NULL ORDER BY line LIMIT 1`,
  )
  const at = { count, line: Number(line ?? 0) }
  const value = values[Number(place ?? 0) - 1]
  if (value === undefined) return { ...at, message: fault ?? '', code: '100080', sqlState: '22000', column: null }
  const shown = `"${value.column.name}"`
  const [[raw] = []] = await readTexts(
    connection,
    `SELECT CAST(${value.source.sql} AS VARCHAR) FROM ${relation} AS staged WHERE line = ${at.line}`,
  )
  return { ...at, ...describeFault(value, raw ?? null), column: shown }
}

/** In Snowflake's words; the values are told, as Snowflake does. */
function describeFault(
  { column }: TargetValue,
  raw: string | null,
): { message: string; code: string; sqlState: string } {
  if (raw === null) return { message: `NULL result in a non-nullable column`, code: '100072', sqlState: '22000' }
  switch (column.type.name) {
    case 'NUMBER':
    case 'FLOAT':
      return { message: `Numeric value '${raw}' is not recognized`, code: '100038', sqlState: '22018' }
    case 'BOOLEAN':
      return { message: `Boolean value '${raw}' is not recognized`, code: '100037', sqlState: '22018' }
    case 'DATE':
      return { message: `Date '${raw}' is not recognized`, code: '100040', sqlState: '22007' }
    case 'TIME':
      return { message: `Time '${raw}' is not recognized`, code: '100108', sqlState: '22007' }
    case 'TEXT':
      return {
        message: `User character length limit (${column.type.length}) exceeded by string '${raw}'`,
        code: '100074',
        sqlState: '22000',
      }
    case 'BINARY':
      return {
        message: `The following string is not a legal hex-encoded value: '${raw}'`,
        code: '100115',
        sqlState: '22000',
      }
    case 'OBJECT':
    case 'ARRAY':
    case 'VARIANT':
      return {
        message: `Failed to cast variant value ${raw} to ${column.type.name}`,
        code: '100071',
        sqlState: '22000',
      }
    default:
      return { message: `Timestamp '${raw}' is not recognized`, code: '100035', sqlState: '22007' }
  }
}

function abortion({ target }: CopyIntoTableRequest, file: CopyFile, errors: RowErrors): SqlError {
  const column = errors.column === null ? '' : `, column ${target.name}[${errors.column}]`
  return new SqlError({
    code: errors.code ?? '100080',
    sqlState: errors.sqlState ?? '22000',
    message: `${errors.message ?? ''}\n  File '${file.label}', line ${errors.line}, character 1\n  Row ${errors.line}${column}\n  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option.`,
  })
}

/** Tells the first error of each file and loads nothing. */
async function validate(request: CopyIntoTableRequest, mode: string): Promise<CopyResult> {
  if (mode !== 'RETURN_ERRORS' && mode !== 'RETURN_ALL_ERRORS') throw unsupportedFeature(`VALIDATION_MODE = ${mode}`)
  const found: ResultRow[] = []
  for (const file of await filesOf(request.location, request.options)) {
    const rows = await openFile(request, file)
    try {
      const errors = await findErrors(request, targetValues(request, rows), relationOf(request, rows))
      if (errors.count > 0)
        found.push([errors.message, file.label, String(errors.line), '1', errors.code, errors.sqlState, errors.column])
    } finally {
      await rows.close()
    }
  }
  const columns = [
    resultColumn('ERROR', text()),
    resultColumn('FILE', text()),
    resultColumn('LINE', integer),
    resultColumn('CHARACTER', integer),
    resultColumn('CODE', integer),
    resultColumn('SQL_STATE', text()),
    resultColumn('COLUMN_NAME', text()),
  ]
  return { columns, rows: found, rowsLoaded: 0 }
}
