import { rm } from 'node:fs/promises'
import { integer, resultColumn, text } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import type { ResultColumn, ResultRow } from '../engine/statement.ts'
import { isOptionTrue, optionText } from '../parse/ast-option.ts'
import type { CopyIntoTableRequest, CopyResult } from './copy-request.ts'
import { loadedFiles, recordLoad } from './load-history.ts'
import { onErrorOf } from './on-error.ts'
import type { OnError } from './on-error.ts'
import { etagOf, filesOf } from './stage-files-of.ts'
import type { CopyFile } from './stage-files-of.ts'
import { openFile, relationOf } from './file-rows.ts'
import { abortion, faulty, findErrors, noErrors } from './row-errors.ts'
import type { RowErrors } from './row-errors.ts'
import type { StageRows } from './stage-rows.ts'
import { targetValues } from './target-values.ts'
import type { TargetValue } from './target-values.ts'
import { validateFiles } from './validate-files.ts'

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

/** COPY INTO a table: each file once, in the transaction of the connection. @throws SqlError */
export async function copyIntoTable(request: CopyIntoTableRequest): Promise<CopyResult> {
  const { connection, location, options, target } = request
  const validation = optionText(options.get('VALIDATION_MODE'))?.toUpperCase()
  if (validation !== undefined) return await validateFiles(request, validation)
  const nowMs = Date.now()
  const stageLocation = location.label
  const loaded = isOptionTrue(options.get('FORCE'))
    ? new Map<string, string>()
    : await loadedFiles(connection, { tableId: target.tableId, stageLocation, nowMs })
  const rows: ResultRow[] = []
  let rowsLoaded = 0
  const bytesMax = Number(optionText(options.get('SIZE_LIMIT')) ?? Number.POSITIVE_INFINITY)
  let bytesLoaded = 0
  const done: CopyFile[] = []
  for (const file of await filesOf(location, options)) {
    const etag = await etagOf(file.path)
    if (loaded.get(file.name) === etag) continue
    // The file that goes over the limit is still loaded, and the first one always.
    if (bytesLoaded > bytesMax) break
    bytesLoaded += file.bytes
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
  // DuckDB does not tell the line at which a load failed, so texts are tried before they are loaded.
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
