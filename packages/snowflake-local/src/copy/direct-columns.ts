import type { Expression } from '../parse/ast-expression.ts'
import type { Query } from '../parse/ast-query.ts'
import type { BoundQuery } from '../translate/translator.ts'

/** The name under which a transformation's source has a column of the file by itself. */
export function directName(column: string): string {
  return `$1:${column}`
}

/**
 * `$1:name` of a file of Parquet is the column itself: to build the row as one VARIANT first, and to take it apart again
 * for each column, would cost a hundred times as much and lose digits of large decimals.
 */
export function withDirectColumns(query: Query, { columns }: BoundQuery): Query {
  const known = new Set(columns.map(({ name }) => name))
  return rewrite(query, known) as Query
}

function rewrite(node: unknown, known: ReadonlySet<string>): unknown {
  if (Array.isArray(node)) return node.map((item) => rewrite(item, known))
  if (typeof node !== 'object' || node === null || node instanceof Map) return node
  const direct = directColumn(node as Expression, known)
  if (direct !== undefined) return direct
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, rewrite(value, known)]))
}

function directColumn(node: Expression, known: ReadonlySet<string>): Expression | undefined {
  if (node.kind !== 'path' || node.operand.kind !== 'position' || node.operand.index !== 1) return undefined
  const [step, ...rest] = node.steps
  if (step?.kind !== 'key' || rest.length > 0 || !known.has(directName(step.key))) return undefined
  const { qualifier } = node.operand
  const parts = [...(qualifier === undefined ? [] : [qualifier]), directName(step.key)]
  return { kind: 'column', name: { parts, at: 0 }, quoted: true }
}
