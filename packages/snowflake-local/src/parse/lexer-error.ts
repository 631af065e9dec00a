import { syntaxError } from '../engine/sql-error.ts'
import type { SqlError } from '../engine/sql-error.ts'

/** Snowflake counts lines from 1 and places in a line from 0. */
export function syntaxErrorAt(sql: string, position: number, detail: string): SqlError {
  const before = sql.slice(0, position).split('\n')
  return syntaxError(`syntax error line ${before.length} at position ${before.at(-1)?.length ?? 0} ${detail}`)
}
