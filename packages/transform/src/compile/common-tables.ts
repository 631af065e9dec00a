import { ephemeralName } from '../context/relation-value.ts'

/**
 * Puts ephemeral models in front of a query as common table expressions, in the form dbt writes: before the query's
 * own, or in a `with` of their own.
 */
export function injectCommonTables(
  sql: string,
  tables: readonly { readonly name: string; readonly sql: string }[],
): string {
  if (tables.length === 0) return sql
  const expressions = tables.map((table) => ` ${ephemeralName(table.name)} as (\n${table.sql}\n)`).join(', ')
  const end = withClauseEnd(sql)
  if (end !== undefined) return `${sql.slice(0, end)}${expressions}, ${sql.slice(end)}`
  const start = sql.length - sql.trimStart().length
  return `${sql.slice(0, start)}with${expressions} ${sql.slice(start)}`
}

/** Offset behind `with` or `with recursive`, and the space after it, at the start of a query; comments may come first. */
function withClauseEnd(sql: string): number | undefined {
  const start = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/u.exec(sql)![0].length
  const match = /^with\b(?:\s+recursive\b)?\s*/iu.exec(sql.slice(start))
  return match === null ? undefined : start + match[0].length
}
