import type { EclusaError } from '@eclusa/sdk'
import { statementError } from '../statement-error.ts'
import { duckdbDialect } from './dialect.ts'
import { duckdbFileError } from './file-error.ts'

/** The catalogued error for what the driver threw: about the file where DuckDB speaks of it, else about the statement. */
export function duckdbStatementError(
  cause: unknown,
  { path, sql }: { readonly path: string; readonly sql: string },
): EclusaError {
  return duckdbFileError(cause, path) ?? statementError(duckdbDialect, cause, sql)
}
