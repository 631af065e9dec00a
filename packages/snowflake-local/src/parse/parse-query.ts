import type { Expression, OrderKey } from './ast-expression.ts'
import type { CommonTable, GroupBy, GroupElement, Query, QueryBody, Select, SetOperation } from './ast-query.ts'
import { parseOrderKeys } from './parse-call.ts'
import { parseSelectItems } from './parse-select-item.ts'
import { parseTables } from './parse-table.ts'
import type { TokenReader } from './token-reader.ts'

export function parseQuery(reader: TokenReader): Query {
  const commonTables = reader.takeWords('WITH') ? parseCommonTables(reader) : []
  const body = parseSetOperations(reader)
  const isOrdered = reader.takeWords('ORDER', 'BY')
  const orderByAll = isOrdered && reader.isWord('ALL') && reader.takeWords('ALL')
  const orderBy: readonly OrderKey[] = isOrdered && !orderByAll ? parseOrderKeys(reader) : []
  return { kind: 'query', with: commonTables, body, orderBy, orderByAll, ...parseLimit(reader) }
}

function parseCommonTables(reader: TokenReader): readonly CommonTable[] {
  const recursive = reader.takeWords('RECURSIVE')
  return reader.list(() => {
    const name = reader.identifier()
    const columns = reader.isSymbol('(') ? reader.bracketed(() => reader.identifier()) : []
    reader.expectWords('AS')
    reader.expectSymbol('(')
    const query = parseQuery(reader)
    reader.expectSymbol(')')
    return { name, columns, query, recursive }
  })
}

/** `LIMIT n OFFSET m` and `OFFSET m ROWS FETCH FIRST n ROWS ONLY`. */
function parseLimit(reader: TokenReader): { limit: Expression | undefined; offset: Expression | undefined } {
  let limit = reader.takeWords('LIMIT') ? parseCount(reader) : undefined
  const offset = reader.takeWords('OFFSET') ? reader.expression() : undefined
  reader.takeOneOf(['ROWS', 'ROW'])
  if (reader.takeWords('FETCH')) {
    reader.takeOneOf(['FIRST', 'NEXT'])
    limit = reader.expression()
    reader.takeOneOf(['ROWS', 'ROW'])
    reader.takeWords('ONLY')
  }
  return { limit, offset }
}

/** `LIMIT NULL` and `LIMIT ''` are no limit. */
function parseCount(reader: TokenReader): Expression | undefined {
  const count = reader.expression()
  return count.kind === 'null' || (count.kind === 'string' && count.value === '') ? undefined : count
}

/** INTERSECT binds before UNION and EXCEPT. */
function parseSetOperations(reader: TokenReader): QueryBody {
  let left = parseIntersections(reader)
  for (;;) {
    const word = reader.takeOneOf(['UNION', 'EXCEPT', 'MINUS'])
    if (word === undefined) return left
    left = setOperation(reader, word === 'UNION' ? 'UNION' : 'EXCEPT', left, parseIntersections)
  }
}

function parseIntersections(reader: TokenReader): QueryBody {
  let left = parseBody(reader)
  while (reader.takeWords('INTERSECT')) left = setOperation(reader, 'INTERSECT', left, parseBody)
  return left
}

function setOperation(
  reader: TokenReader,
  operator: SetOperation['operator'],
  left: QueryBody,
  right: (reader: TokenReader) => QueryBody,
): SetOperation {
  const all = reader.takeWords('ALL')
  if (!all) reader.takeWords('DISTINCT')
  const byName = reader.takeWords('BY', 'NAME')
  return { kind: 'set', operator, all, byName, left, right: right(reader) }
}

function parseBody(reader: TokenReader): QueryBody {
  if (reader.takeSymbol('(')) {
    const query = parseQuery(reader)
    reader.expectSymbol(')')
    return query
  }
  if (reader.takeWords('VALUES')) return { kind: 'values', rows: reader.list(() => parseRow(reader)) }
  return parseSelect(reader)
}

export function parseRow(reader: TokenReader): readonly Expression[] {
  return reader.bracketed(() => reader.expression())
}

function parseSelect(reader: TokenReader): Select {
  reader.expectWords('SELECT')
  const distinct = reader.takeWords('DISTINCT')
  if (!distinct) reader.takeWords('ALL')
  const top = reader.isWord('TOP') && reader.ahead(1).kind === 'number' ? parseTop(reader) : undefined
  const items = parseSelectItems(reader)
  const from = reader.takeWords('FROM') ? parseTables(reader) : undefined
  const where = reader.takeWords('WHERE') ? reader.expression() : undefined
  const groupBy = reader.takeWords('GROUP', 'BY') ? parseGroupBy(reader) : undefined
  const having = reader.takeWords('HAVING') ? reader.expression() : undefined
  const qualify = reader.takeWords('QUALIFY') ? reader.expression() : undefined
  return { kind: 'select', distinct, top, items, from, where, groupBy, having, qualify }
}

function parseTop(reader: TokenReader): Expression {
  reader.next()
  return { kind: 'number', text: reader.next().text }
}

function parseGroupBy(reader: TokenReader): GroupBy {
  if (reader.isWord('ALL') && !reader.isSymbol('(', 1) && !reader.isSymbol('.', 1)) {
    reader.next()
    return { kind: 'all' }
  }
  return { kind: 'elements', elements: reader.list(() => parseGroupElement(reader)) }
}

function parseGroupElement(reader: TokenReader): GroupElement {
  const kind = reader.takeOneOf(['ROLLUP', 'CUBE', 'GROUPING SETS'])
  if (kind === undefined) return { kind: 'key', expression: reader.expression() }
  return { kind, sets: reader.bracketed(() => parseGroupSet(reader)) }
}

function parseGroupSet(reader: TokenReader): readonly Expression[] {
  if (reader.isSymbol('(') && reader.isSymbol(')', 1)) return reader.bracketed(() => reader.expression())
  const expression = reader.expression()
  return expression.kind === 'tuple' ? expression.items : [expression]
}
