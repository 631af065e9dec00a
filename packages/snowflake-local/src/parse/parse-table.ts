import type { Call, Expression } from './ast-expression.ts'
import type { Options, OptionValue } from './ast-option.ts'
import type { JoinKind, Pivot, Sample, TableExpression, TimeTravel, Unpivot } from './ast-query.ts'
import { parseCall } from './parse-call.ts'
import { parseAlias, parseTableAlias } from './parse-select-item.ts'
import type { TokenReader } from './token-reader.ts'

/** What stands behind FROM: a comma is a cross join, whose right side may refer to its left. */
export function parseTables(reader: TokenReader): TableExpression {
  let left = parseJoins(reader)
  while (reader.takeSymbol(',')) left = join('CROSS', left, parseJoins(reader))
  return left
}

function join(kind: JoinKind, left: TableExpression, right: TableExpression): TableExpression {
  return { kind: 'join', join: kind, natural: false, left, right, on: undefined, using: [], matchCondition: undefined }
}

const joinWords: readonly (readonly [string, JoinKind])[] = [
  ['INNER JOIN', 'INNER'],
  ['JOIN', 'INNER'],
  ['LEFT OUTER JOIN', 'LEFT'],
  ['LEFT JOIN', 'LEFT'],
  ['RIGHT OUTER JOIN', 'RIGHT'],
  ['RIGHT JOIN', 'RIGHT'],
  ['FULL OUTER JOIN', 'FULL'],
  ['FULL JOIN', 'FULL'],
  ['CROSS JOIN', 'CROSS'],
  ['ASOF JOIN', 'ASOF'],
]

function parseJoins(reader: TokenReader): TableExpression {
  let left = parseTable(reader)
  for (;;) {
    const natural = reader.takeWords('NATURAL')
    const kind = joinWords.find(([words]) => reader.takeWords(...words.split(' ')))?.[1]
    if (kind === undefined) {
      if (natural) throw reader.unexpected()
      return left
    }
    left = { ...parseJoin(reader, kind, left), natural }
  }
}

function parseJoin(reader: TokenReader, kind: JoinKind, left: TableExpression): TableExpression & { kind: 'join' } {
  const right = parseTable(reader)
  const matchCondition = reader.takeWords('MATCH_CONDITION') ? parseBracketedExpression(reader) : undefined
  const on = reader.takeWords('ON') ? reader.expression() : undefined
  const using = on === undefined && reader.takeWords('USING') ? reader.bracketed(() => reader.identifier()) : []
  return { kind: 'join', join: kind, natural: false, left, right, on, using, matchCondition }
}

function parseBracketedExpression(reader: TokenReader): Expression {
  reader.expectSymbol('(')
  const expression = reader.expression()
  reader.expectSymbol(')')
  return expression
}

function parseTable(reader: TokenReader): TableExpression {
  let table = parseSource(reader)
  for (;;) {
    if (reader.takeWords('PIVOT')) table = parsePivot(reader, table)
    else if (reader.takeWords('UNPIVOT')) table = parseUnpivot(reader, table)
    else return table
  }
}

function parseSource(reader: TokenReader): TableExpression {
  const lateral = reader.takeWords('LATERAL')
  if (reader.isSymbol('(')) return parseBracketed(reader)
  if (reader.token.kind === 'stage' || (reader.token.kind === 'string' && reader.token.text.startsWith('@'))) {
    return parseStage(reader)
  }
  if (reader.isWord('VALUES') && reader.isSymbol('(', 1)) return parseValues(reader)
  if (reader.takeWords('TABLE')) return parseTableFunction(reader)
  if (lateral) return { kind: 'function', call: parseNamedCall(reader), alias: parseTableAlias(reader) }
  return parseNamedTable(reader)
}

function parseNamedTable(reader: TokenReader): TableExpression {
  const name = reader.objectName()
  const changes = parseChanges(reader)
  const travel = parseTravel(reader)
  // CHANGES … AT … END(…): the end is where the table is now unless said.
  if (changes !== undefined && reader.takeWords('END')) parseBracketedTravel(reader)
  const sampleBefore = parseSample(reader)
  const alias = parseTableAlias(reader)
  return { kind: 'table', name, travel, changes, alias, sample: sampleBefore ?? parseSample(reader) }
}

function parseChanges(reader: TokenReader): 'DEFAULT' | 'APPEND_ONLY' | undefined {
  if (!reader.takeWords('CHANGES')) return undefined
  reader.expectSymbol('(')
  reader.expectWords('INFORMATION')
  reader.expectSymbol('=>')
  const kind = reader.expectOneOf(['DEFAULT', 'APPEND_ONLY'])
  reader.expectSymbol(')')
  return kind
}

export function parseTravel(reader: TokenReader): TimeTravel | undefined {
  const isTravel = (reader.isWord('AT') || reader.isWord('BEFORE')) && reader.isSymbol('(', 1)
  if (!isTravel) return undefined
  const before = reader.expectOneOf(['AT', 'BEFORE']) === 'BEFORE'
  return { before, ...parseBracketedTravel(reader) }
}

function parseBracketedTravel(reader: TokenReader): Omit<TimeTravel, 'before'> {
  reader.expectSymbol('(')
  const point = reader.expectOneOf(['TIMESTAMP', 'OFFSET', 'STATEMENT', 'STREAM'])
  reader.expectSymbol('=>')
  const value = reader.expression()
  reader.expectSymbol(')')
  return { point, value }
}

function parseSample(reader: TokenReader): Sample | undefined {
  if (reader.takeOneOf(['SAMPLE', 'TABLESAMPLE']) === undefined) return undefined
  reader.takeOneOf(['BERNOULLI', 'ROW', 'SYSTEM', 'BLOCK'])
  reader.expectSymbol('(')
  const amount = reader.expression()
  const kind = reader.takeWords('ROWS') ? 'rows' : 'percent'
  reader.expectSymbol(')')
  const seeded = reader.takeOneOf(['REPEATABLE', 'SEED']) !== undefined
  return { kind, amount, seed: seeded ? parseBracketedExpression(reader) : undefined }
}

/** A query, or joins in brackets. */
function parseBracketed(reader: TokenReader): TableExpression {
  let place = 1
  while (reader.isSymbol('(', place)) place += 1
  const isQuery = ['SELECT', 'WITH', 'VALUES'].some((word) => reader.isWord(word, place))
  const derived = isQuery ? reader.attempt(() => parseDerived(reader)) : undefined
  if (derived !== undefined) return derived
  reader.expectSymbol('(')
  const tables = parseTables(reader)
  reader.expectSymbol(')')
  return tables
}

/** Nothing, when the brackets hold joins that begin with a query. */
function parseDerived(reader: TokenReader): TableExpression | undefined {
  reader.expectSymbol('(')
  const query = reader.query()
  if (!reader.takeSymbol(')')) return undefined
  const alias = parseTableAlias(reader)
  return { kind: 'derived', query, alias, sample: parseSample(reader) }
}

function parseValues(reader: TokenReader): TableExpression {
  reader.next()
  const rows = reader.list(() => reader.bracketed(() => reader.expression()))
  const query = {
    kind: 'query',
    with: [],
    body: { kind: 'values', rows },
    orderBy: [],
    orderByAll: false,
    limit: undefined,
    offset: undefined,
  } as const
  return { kind: 'derived', query, alias: parseTableAlias(reader), sample: undefined }
}

/** `TABLE(f(…))`, and `TABLE('name')` for a table. */
function parseTableFunction(reader: TokenReader): TableExpression {
  reader.expectSymbol('(')
  if (reader.token.kind === 'string') {
    const at = reader.token.start
    const parts = reader.string().split('.')
    reader.expectSymbol(')')
    const name = { parts: parts.map((part) => part.toUpperCase()), at }
    return {
      kind: 'table',
      name,
      travel: undefined,
      changes: undefined,
      alias: parseTableAlias(reader),
      sample: undefined,
    }
  }
  const call = parseNamedCall(reader)
  reader.expectSymbol(')')
  return { kind: 'function', call, alias: parseTableAlias(reader) }
}

function parseNamedCall(reader: TokenReader): Call {
  const { parts, at } = reader.objectName()
  return parseCall(reader, parts, at)
}

function parseStage(reader: TokenReader): TableExpression {
  const location = reader.stage()
  const options: Options = reader.isSymbol('(') ? parseStageOptions(reader) : new Map()
  return { kind: 'stage', location, options, alias: parseTableAlias(reader) }
}

/** `(FILE_FORMAT => 'x', PATTERN => '.*')`: written with arrows here, with equal signs elsewhere. */
function parseStageOptions(reader: TokenReader): Options {
  return new Map<string, OptionValue>(
    reader.bracketed(() => {
      const name = reader.identifier()
      if (!reader.takeSymbol('=>')) reader.expectSymbol('=')
      const start = reader.token.start
      if (reader.token.kind === 'string') return [name, { kind: 'string', text: reader.string() }] as const
      const { parts } = reader.objectName()
      return [name, { kind: 'word', text: reader.textFrom(start), parts }] as const
    }),
  )
}

function parsePivot(reader: TokenReader, source: TableExpression): Pivot {
  reader.expectSymbol('(')
  const aggregate = parseNamedCall(reader)
  reader.expectWords('FOR')
  const column = reader.identifier()
  reader.expectWords('IN')
  reader.expectSymbol('(')
  const from = parsePivotSource(reader)
  const values = from === undefined ? reader.list(() => parsePivotValue(reader)) : []
  reader.expectSymbol(')')
  const defaultOnNull = reader.takeWords('DEFAULT', 'ON', 'NULL') ? parseBracketedExpression(reader) : undefined
  reader.expectSymbol(')')
  return { kind: 'pivot', source, aggregate, column, values, from, defaultOnNull, alias: parseTableAlias(reader) }
}

function parsePivotSource(reader: TokenReader): Pivot['from'] {
  if (reader.takeWords('ANY')) {
    if (reader.takeWords('ORDER', 'BY')) reader.expression()
    return 'ANY'
  }
  return reader.isWord('SELECT') ? reader.query() : undefined
}

function parsePivotValue(reader: TokenReader): Pivot['values'][number] {
  return { value: reader.expression(), alias: parseAlias(reader) }
}

function parseUnpivot(reader: TokenReader, source: TableExpression): Unpivot {
  const includeNulls = reader.takeWords('INCLUDE', 'NULLS')
  if (!includeNulls) reader.takeWords('EXCLUDE', 'NULLS')
  reader.expectSymbol('(')
  const valueColumn = reader.identifier()
  reader.expectWords('FOR')
  const nameColumn = reader.identifier()
  reader.expectWords('IN')
  const columns = reader.bracketed(() => {
    const name = reader.identifier()
    if (!reader.takeWords('AS')) return { name, alias: undefined }
    return { name, alias: reader.token.kind === 'string' ? reader.string() : reader.identifier() }
  })
  reader.expectSymbol(')')
  return { kind: 'unpivot', source, includeNulls, valueColumn, nameColumn, columns, alias: parseTableAlias(reader) }
}
