import type { Table } from '../catalog/catalog-object.ts'
import { timestamp } from '../catalog/sql-type.ts'
import { SqlError, compilationError } from '../engine/sql-error.ts'
import type { SessionState } from '../engine/session-state.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { TimeTravel } from '../parse/ast-query.ts'
import { castSql } from '../translate/cast.ts'
import { quoteText, raise } from '../translate/sql-text.ts'
import { hasHistory } from './row-history.ts'
import { usPerMs } from './statement-version.ts'

/** DuckDB's SQL of the number up to which a table is to be seen. Before the table was made there is nothing to see. */
export function versionSql(
  session: SessionState,
  table: Table,
  { before, point }: Pick<TimeTravel, 'before' | 'point'>,
  value: TypedSql,
): string {
  const outOfReach = `Time travel data is not available for table ${table.name}. The requested time is either beyond the allowed time travel period or before the object creation time.`
  if (!hasHistory(table)) throw new SqlError({ code: '000707', sqlState: '02000', message: outOfReach })
  const oldest = Math.max(table.createdMs, Date.now() - table.retentionDays * dayMs) * usPerMs
  if (point === 'STATEMENT') {
    const version = versionOfStatement(session, before, literalOf(value))
    if (version < oldest - 1) throw new SqlError({ code: '000707', sqlState: '02000', message: outOfReach })
    return String(version)
  }
  if (point === 'STREAM') throw compilationError('000002', '0A000', "Unsupported feature 'AT(STREAM)'.")
  const at =
    point === 'OFFSET'
      ? `(${Date.now() * usPerMs} + CAST((${value.sql}) * 1000000 AS BIGINT))`
      : `epoch_us(${castSql(value, timestamp('TIMESTAMP_LTZ'))})`
  const seen = before ? `(${at} - 1)` : at
  return `(CASE WHEN ${at} < ${oldest} THEN ${raise('000707', '02000', quoteText(outOfReach))} ELSE ${seen} END)`
}

const dayMs = 86_400_000

function versionOfStatement({ engine }: SessionState, before: boolean, queryId: string): number {
  const own = engine.versions.filter((candidate) => candidate.queryId === queryId)
  const [first] = own
  if (first !== undefined) return before ? first.version - 1 : (own.at(-1)?.version ?? first.version)
  // A statement that changed no rows stands between two that did.
  const entry = engine.history.find((candidate) => candidate.queryId === queryId)
  if (entry !== undefined) return entry.startedMs * usPerMs
  throw new SqlError({ code: '000709', sqlState: '02000', message: `Statement ${queryId} not found` })
}

function literalOf({ literal, sql }: TypedSql): string {
  const found = literal ?? /^'(?<text>[^']*)'$/u.exec(sql)?.groups?.['text']
  if (found === undefined) throw compilationError('001003', '42000', 'The statement of Time Travel must be a constant.')
  return found
}
