import type { DuckDBConnection } from '@duckdb/node-api'
import type { FunctionContext } from '../function/function-rule.ts'
import type { Options } from '../parse/ast-option.ts'
import { SqlError } from '../engine/sql-error.ts'
import type { BoundQuery } from '../translate/translator.ts'
import type { CopyLocation } from './copy-request.ts'
import type { FileFormat } from './file-format.ts'
import { filesOf } from './stage-files-of.ts'
import { openStageRows } from './stage-rows.ts'

export interface StageQuery {
  readonly query: BoundQuery
  /** Drops what was staged for the query; after its rows have been read. */
  readonly close: () => Promise<void>
}

/** `FROM @stage/path (FILE_FORMAT => …, PATTERN => …)`: all files as one relation. */
export async function openStageQuery(request: {
  readonly connection: DuckDBConnection
  readonly context: FunctionContext
  readonly location: CopyLocation
  readonly format: FileFormat
  readonly options: Options
}): Promise<StageQuery> {
  const { connection, context, format, location, options } = request
  const files = await filesOf(location, options)
  if (files.length === 0 && format.type === 'PARQUET') {
    throw new SqlError({
      code: '002003',
      sqlState: '02000',
      message: `No files were found at ${location.label}${location.path}.`,
    })
  }
  const rows = await openStageRows({
    connection,
    context,
    format,
    files: files.map(({ path, label }) => ({ path, name: label })),
  })
  return { query: rows.query, close: rows.close }
}
