import { EclusaError } from '@eclusa/sdk'
import type { ErrorCode } from '@eclusa/sdk'
import type { Dialect, StatementFailure } from './dialect.ts'

const codes: Record<StatementFailure['kind'], ErrorCode> = {
  cancelled: 'CANCELLED',
  conflict: 'WAREHOUSE_CONFLICT',
  memory: 'WAREHOUSE_MEMORY_EXHAUSTED',
  connection: 'WAREHOUSE_CONNECTION_LOST',
  statement: 'WAREHOUSE_STATEMENT_FAILED',
}

const warehouseNames = { duckdb: 'DuckDB', postgres: 'PostgreSQL', snowflake: 'Snowflake' } as const

/** The error that a session throws for what the driver threw. The statement itself may hold values and is left out. */
export function statementError(dialect: Dialect, cause: unknown, sql: string): EclusaError {
  const failure = dialect.classifyError(cause, sql)
  const where = failure.position === undefined ? '' : ` at ${lineAndColumn(sql, failure.position)}`
  const code = failure.code === undefined ? '' : `${failure.code}: `
  return new EclusaError(codes[failure.kind], {
    message: `${warehouseNames[dialect.type]} refused a statement${where}: ${code}${failure.message}`,
    details: { code: failure.code, message: failure.message, position: failure.position },
    cause,
  })
}

function lineAndColumn(sql: string, position: number): string {
  const lines = sql.slice(0, position - 1).split('\n')
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
}
