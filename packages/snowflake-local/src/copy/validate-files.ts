import { integer, resultColumn, text } from '../catalog/sql-type.ts'
import { readTexts, runDuckdb } from '../engine/duckdb.ts'
import { compilationError } from '../engine/sql-error.ts'
import type { ResultRow } from '../engine/statement.ts'
import { duckdbResult, wireQuery } from '../engine/wire.ts'
import type { CopyIntoTableRequest, CopyResult } from './copy-request.ts'
import { openFile, relationOf } from './file-rows.ts'
import { abortion, describeFault, faulty, findErrors } from './row-errors.ts'
import { filesOf } from './stage-files-of.ts'
import type { CopyFile } from './stage-files-of.ts'
import { targetValues } from './target-values.ts'

const errorColumns = [
  resultColumn('ERROR', text()),
  resultColumn('FILE', text()),
  resultColumn('LINE', integer),
  resultColumn('CHARACTER', integer),
  resultColumn('CODE', integer),
  resultColumn('SQL_STATE', text()),
  resultColumn('COLUMN_NAME', text()),
  resultColumn('ROW_NUMBER', integer),
  resultColumn('ROW_START_LINE', integer),
]

/** VALIDATION_MODE: what a load would say, without one. Files that were loaded before are looked at too. */
export async function validateFiles(request: CopyIntoTableRequest, mode: string): Promise<CopyResult> {
  if (request.transform !== undefined) {
    throw compilationError('002314', '0A000', 'VALIDATION_MODE is not supported for COPY with a transformation.')
  }
  const files = await filesOf(request.location, request.options)
  const count = /^RETURN_(?<rows>\d+)_ROWS$/u.exec(mode)?.groups?.['rows']
  if (count !== undefined) return await firstRows(request, files, Number(count))
  if (mode !== 'RETURN_ERRORS' && mode !== 'RETURN_ALL_ERRORS') {
    throw compilationError('001003', '42000', `syntax error: invalid value '${mode}' for VALIDATION_MODE`)
  }
  const rows: ResultRow[] = []
  for (const file of files) rows.push(...(await errorsOf(request, file)))
  return { columns: errorColumns, rows, rowsLoaded: 0 }
}

async function errorsOf(request: CopyIntoTableRequest, file: CopyFile): Promise<readonly ResultRow[]> {
  const rows = await openFile(request, file)
  try {
    const values = targetValues(request, rows)
    const raw = values.map(({ source }, index) => `WHEN ${index + 1} THEN CAST(${source.sql} AS VARCHAR)`)
    const found = await readTexts(
      request.connection,
      `SELECT CAST(line AS VARCHAR), CAST(place AS VARCHAR), fault, CASE place ${raw.join(' ')} END FROM (SELECT *, ${faulty(values)} AS place FROM ${relationOf(request, rows)} AS staged) WHERE place IS NOT NULL ORDER BY line`,
    )
    return found.map(([line, place, fault, value]): ResultRow => {
      const target = values[Number(place) - 1]
      const wrong =
        target === undefined
          ? { message: fault ?? '', code: '100080', sqlState: '22000' }
          : describeFault(target, value ?? null)
      const column = target === undefined ? null : `"${target.column.name}"`
      const at = line ?? null
      return [wrong.message, file.label, at, '1', wrong.code, wrong.sqlState, column, at, at]
    })
  } finally {
    await rows.close()
  }
}

/** RETURN_n_ROWS: the rows themselves, or the error of the first one that does not fit. */
async function firstRows(
  request: CopyIntoTableRequest,
  files: readonly CopyFile[],
  rowsMax: number,
): Promise<CopyResult> {
  const found: ResultRow[] = []
  let columns: CopyResult['columns'] = request.target.columns.map(({ name, type }) => resultColumn(name, type))
  for (const file of files) {
    if (found.length >= rowsMax) break
    const rows = await openFile(request, file)
    try {
      const values = targetValues(request, rows)
      const relation = `(SELECT * FROM ${relationOf(request, rows)} ORDER BY line LIMIT ${rowsMax - found.length})`
      const errors = await findErrors(request, values, relation)
      if (errors.count > 0) throw abortion(request, file, errors)
      const query = {
        sql: `SELECT ${values.map(({ converted }, index) => `${converted} AS c${index + 1}`).join(', ')} FROM ${relation} AS staged`,
        columns: values.map(({ column }) => ({ name: column.name, type: column.type, nullable: true })),
      }
      const result = duckdbResult(await runDuckdb(request.connection, wireQuery(query)), query.columns)
      columns = result.columns
      for await (const block of result.rows) found.push(...block)
    } finally {
      await rows.close()
    }
  }
  return { columns, rows: found, rowsLoaded: 0 }
}
