import type { Call, Expression, FrameBound, OrderKey, WindowDefinition, WindowFrame } from './ast-expression.ts'
import type { TokenReader } from './token-reader.ts'

type NamedArgument = Call['named'][number]

/** From the bracket behind a function's name. */
export function parseCall(reader: TokenReader, parts: readonly string[], at: number): Call {
  reader.expectSymbol('(')
  const distinct = reader.takeWords('DISTINCT')
  if (!distinct) reader.takeWords('ALL')
  const inside = parseArguments(reader)
  const withinGroup = reader.takeWords('WITHIN', 'GROUP') ? parseWithinGroup(reader) : []
  const nulls = inside.nulls ?? parseNulls(reader)
  const over = reader.takeWords('OVER') ? parseWindow(reader) : undefined
  return {
    kind: 'call',
    name: parts.at(-1) ?? '',
    qualifier: parts.slice(0, -1),
    at,
    arguments: inside.values,
    named: inside.named,
    star: inside.star,
    distinct,
    withinGroup: [...inside.order, ...withinGroup],
    nulls,
    over,
  }
}

function parseArguments(reader: TokenReader): {
  readonly values: readonly Expression[]
  readonly named: readonly NamedArgument[]
  readonly star: boolean
  readonly order: readonly OrderKey[]
  readonly nulls: Call['nulls']
} {
  const values: Expression[] = []
  const named: NamedArgument[] = []
  let star = false
  while (!reader.isSymbol(')')) {
    if (reader.takeSymbol('*')) star = true
    else if (reader.isIdentifier() && reader.isSymbol('.', 1) && reader.isSymbol('*', 2)) {
      reader.next()
      reader.next()
      reader.next()
      star = true
    } else if (reader.isIdentifier() && reader.isSymbol('=>', 1)) {
      const name = reader.identifier()
      reader.next()
      named.push({ name, value: parseArgument(reader) })
    } else values.push(parseArgument(reader))
    if (!reader.takeSymbol(',')) break
  }
  const nulls = parseNulls(reader)
  const order = reader.takeWords('ORDER', 'BY') ? parseOrderKeys(reader) : []
  reader.expectSymbol(')')
  return { values, named, star, order, nulls }
}

/** A query may stand as it is: `ARRAY(SELECT …)`, `TABLE(SELECT …)`. */
function parseArgument(reader: TokenReader): Expression {
  if (reader.isWord('SELECT') || reader.isWord('WITH')) return { kind: 'subquery', query: reader.query() }
  if (reader.token.kind === 'stage') return { kind: 'string', value: `@${reader.stage()}` }
  return reader.expression()
}

function parseNulls(reader: TokenReader): Call['nulls'] {
  if (reader.takeWords('IGNORE', 'NULLS')) return 'IGNORE'
  return reader.takeWords('RESPECT', 'NULLS') ? 'RESPECT' : undefined
}

function parseWithinGroup(reader: TokenReader): readonly OrderKey[] {
  reader.expectSymbol('(')
  reader.expectWords('ORDER', 'BY')
  const keys = parseOrderKeys(reader)
  reader.expectSymbol(')')
  return keys
}

export function parseOrderKeys(reader: TokenReader): readonly OrderKey[] {
  return reader.list(() => {
    const expression = reader.expression()
    const descending = reader.takeOneOf(['ASC', 'DESC']) === 'DESC'
    const nulls = reader.takeWords('NULLS') ? reader.expectOneOf(['FIRST', 'LAST']) : undefined
    return { expression, descending, nulls }
  })
}

function parseWindow(reader: TokenReader): WindowDefinition {
  reader.expectSymbol('(')
  const partitionBy = reader.takeWords('PARTITION', 'BY') ? reader.list(() => reader.expression()) : []
  const orderBy = reader.takeWords('ORDER', 'BY') ? parseOrderKeys(reader) : []
  const frame = parseFrame(reader)
  reader.expectSymbol(')')
  return { partitionBy, orderBy, frame }
}

function parseFrame(reader: TokenReader): WindowFrame | undefined {
  const unit = reader.takeOneOf(['ROWS', 'RANGE'])
  if (unit === undefined) return undefined
  if (!reader.takeWords('BETWEEN')) return { unit, start: parseBound(reader), end: undefined }
  const start = parseBound(reader)
  reader.expectWords('AND')
  return { unit, start, end: parseBound(reader) }
}

function parseBound(reader: TokenReader): FrameBound {
  if (reader.takeWords('UNBOUNDED', 'PRECEDING')) return { kind: 'unboundedPreceding' }
  if (reader.takeWords('UNBOUNDED', 'FOLLOWING')) return { kind: 'unboundedFollowing' }
  if (reader.takeWords('CURRENT', 'ROW')) return { kind: 'currentRow' }
  const offset = reader.expression()
  return { kind: reader.expectOneOf(['PRECEDING', 'FOLLOWING']) === 'PRECEDING' ? 'preceding' : 'following', offset }
}
