import type { Expression } from './ast-expression.ts'
import { parseCall } from './parse-call.ts'
import { parseType } from './parse-type.ts'
import type { TokenReader } from './token-reader.ts'

/** Words that never name a column, so that a forgotten expression is told at its place. */
const reserved = new Set(
  (
    'FROM WHERE GROUP HAVING QUALIFY ORDER LIMIT UNION INTERSECT EXCEPT MINUS SELECT ON USING JOIN ' +
    'WHEN THEN ELSE AND OR INTO AS BY SET'
  ).split(' '),
)

export function parsePrimary(reader: TokenReader): Expression {
  const { token } = reader
  switch (token.kind) {
    case 'number':
      reader.next()
      return { kind: 'number', text: token.text }
    case 'string':
      reader.next()
      return { kind: 'string', value: token.text }
    case 'bind':
      return parseBind(reader)
    case 'variable':
      reader.next()
      return { kind: 'variable', name: token.text.toUpperCase() }
    case 'column':
      reader.next()
      return { kind: 'position', qualifier: undefined, index: Number(token.text) }
    case 'quoted':
      return parseName(reader)
    case 'word':
      return parseWord(reader, token.upper)
    default:
      return parseSymbol(reader)
  }
}

function parseBind(reader: TokenReader): Expression {
  const index = reader.bindIndex()
  reader.next()
  return { kind: 'bind', index }
}

function parseSymbol(reader: TokenReader): Expression {
  if (reader.isSymbol('(')) return parseBrackets(reader)
  if (reader.takeSymbol('[')) {
    const items = reader.isSymbol(']') ? [] : reader.list(() => reader.expression())
    reader.expectSymbol(']')
    return { kind: 'array', items }
  }
  if (reader.takeSymbol('{')) return parseObject(reader)
  throw reader.unexpected()
}

function parseObject(reader: TokenReader): Expression {
  const entry = (): { key: Expression; value: Expression } => {
    const key: Expression = { kind: 'string', value: reader.string() }
    reader.expectSymbol(':')
    return { key, value: reader.expression() }
  }
  const entries = reader.isSymbol('}') ? [] : reader.list(entry)
  reader.expectSymbol('}')
  return { kind: 'object', entries }
}

function parseBrackets(reader: TokenReader): Expression {
  let place = 1
  while (reader.isSymbol('(', place)) place += 1
  if (reader.isWord('SELECT', place) || reader.isWord('WITH', place) || reader.isWord('VALUES', place)) {
    const query = reader.attempt(() => parseSubquery(reader))
    if (query !== undefined) return query
  }
  const items = reader.bracketed(() => reader.expression())
  const [only] = items
  if (only === undefined) throw reader.unexpected()
  return items.length === 1 ? only : { kind: 'tuple', items }
}

/** Nothing, when the brackets hold an expression that begins with a query: `((SELECT 1) + 1)`. */
function parseSubquery(reader: TokenReader): Expression | undefined {
  reader.next()
  const query = reader.query()
  return reader.takeSymbol(')') ? { kind: 'subquery', query } : undefined
}

function parseWord(reader: TokenReader, word: string): Expression {
  const special = words[word]?.(reader)
  if (special !== undefined) return special
  if (reserved.has(word)) throw reader.unexpected()
  return parseName(reader)
}

const words: Readonly<Record<string, (reader: TokenReader) => Expression | undefined>> = {
  NULL: (reader) => constant(reader, { kind: 'null' }),
  DEFAULT: (reader) => constant(reader, { kind: 'default' }),
  TRUE: (reader) => constant(reader, { kind: 'boolean', value: true }),
  FALSE: (reader) => constant(reader, { kind: 'boolean', value: false }),
  CASE: parseCase,
  CAST: (reader) => parseCast(reader, false),
  TRY_CAST: (reader) => parseCast(reader, true),
  EXISTS: parseExists,
  INTERVAL: parseInterval,
  DATE: (reader) => typedLiteral(reader),
  TIME: (reader) => typedLiteral(reader),
  TIMESTAMP: (reader) => typedLiteral(reader),
  TIMESTAMP_NTZ: (reader) => typedLiteral(reader),
  TIMESTAMP_LTZ: (reader) => typedLiteral(reader),
  TIMESTAMP_TZ: (reader) => typedLiteral(reader),
  EXTRACT: parseExtract,
  POSITION: parsePosition,
}

function constant(reader: TokenReader, expression: Expression): Expression {
  reader.next()
  return expression
}

function parseCase(reader: TokenReader): Expression {
  reader.next()
  const operand = reader.isWord('WHEN') ? undefined : reader.expression()
  const branches: { when: Expression; result: Expression }[] = []
  while (reader.takeWords('WHEN')) {
    const when = reader.expression()
    reader.expectWords('THEN')
    branches.push({ when, result: reader.expression() })
  }
  if (branches.length === 0) throw reader.unexpected()
  const otherwise = reader.takeWords('ELSE') ? reader.expression() : undefined
  reader.expectWords('END')
  return { kind: 'case', operand, branches, otherwise }
}

function parseCast(reader: TokenReader, tries: boolean): Expression | undefined {
  if (!reader.isSymbol('(', 1)) return undefined
  reader.next()
  reader.next()
  const operand = reader.expression()
  reader.expectWords('AS')
  const type = parseType(reader)
  reader.expectSymbol(')')
  return { kind: 'cast', operand, type, tries }
}

function parseExists(reader: TokenReader): Expression | undefined {
  if (!reader.isSymbol('(', 1)) return undefined
  reader.next()
  reader.next()
  const query = reader.query()
  reader.expectSymbol(')')
  return { kind: 'exists', query }
}

function parseInterval(reader: TokenReader): Expression | undefined {
  if (reader.ahead(1).kind !== 'string') return undefined
  reader.next()
  const amount = reader.string()
  const unit = /[a-z]/iu.test(amount) || !reader.isIdentifier() ? '' : ` ${reader.identifier()}`
  return { kind: 'interval', text: `${amount}${unit}` }
}

/** `DATE '2024-01-01'`. */
function typedLiteral(reader: TokenReader): Expression | undefined {
  if (reader.ahead(1).kind !== 'string') return undefined
  const type = { word: reader.identifier(), arguments: [] }
  return { kind: 'cast', operand: { kind: 'string', value: reader.string() }, type, tries: false }
}

/** `EXTRACT(part FROM value)` is DATE_PART. */
function parseExtract(reader: TokenReader): Expression | undefined {
  if (!reader.isSymbol('(', 1)) return undefined
  const at = reader.next().start
  reader.next()
  const part: Expression = { kind: 'string', value: reader.next().text }
  reader.expectWords('FROM')
  const value = reader.expression()
  reader.expectSymbol(')')
  return plainCall('DATE_PART', at, [part, value])
}

/** `POSITION(a IN b)`; with a comma it is a call like others. */
function parsePosition(reader: TokenReader): Expression | undefined {
  return reader.attempt(() => {
    const at = reader.next().start
    if (!reader.takeSymbol('(')) return undefined
    const { token } = reader
    if (token.kind !== 'string' && !reader.isIdentifier()) return undefined
    const needle = parsePrimary(reader)
    if (!reader.takeWords('IN')) return undefined
    const text = reader.expression()
    reader.expectSymbol(')')
    return plainCall('POSITION', at, [needle, text])
  })
}

function plainCall(name: string, at: number, values: readonly Expression[]): Expression {
  return {
    kind: 'call',
    name,
    qualifier: [],
    at,
    arguments: values,
    named: [],
    star: false,
    distinct: false,
    withinGroup: [],
    nulls: undefined,
    over: undefined,
  }
}

/** A column, `t.$1`, or the call of a function. */
function parseName(reader: TokenReader): Expression {
  const at = reader.token.start
  const parts: string[] = []
  for (;;) {
    const quoted = reader.token.kind === 'quoted'
    parts.push(reader.identifier())
    if (reader.isSymbol('(')) return parseCall(reader, parts, at)
    if (!reader.isSymbol('.')) return { kind: 'column', name: { parts, at }, quoted }
    const next = reader.ahead(1)
    if (next.kind === 'column') {
      reader.next()
      reader.next()
      return { kind: 'position', qualifier: parts.at(-1), index: Number(next.text) }
    }
    if (!reader.isIdentifier(1)) return { kind: 'column', name: { parts, at }, quoted }
    reader.next()
  }
}
