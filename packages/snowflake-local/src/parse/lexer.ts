import { syntaxErrorAt } from './lexer-error.ts'
import { readDollarString, readQuoted, readString } from './text-literal.ts'
import type { TextTokenKind, Token } from './token.ts'

/** Longest first, so that `->>` is not read as `->`. */
const symbols = '=> -> :: || <= >= <> != := ** |> ( ) [ ] { } , ; . : + - * / % = < > | & ^ ~ !'.split(' ')

const patterns = {
  space: /\s+/uy,
  lineComment: /(?:--|\/\/)[^\n]*/uy,
  number: /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/uy,
  word: /[\p{L}_][\p{L}\p{N}_$]*/uy,
  column: /\$\d+/uy,
  variable: /\$[\p{L}_][\p{L}\p{N}_$]*/uy,
  bind: /:\d+/uy,
  path: /file:\/\/[^\s;']*/uy,
  // A location goes on to the next space, bracket or comma; names in it may be quoted.
  stage: /@(?:"(?:[^"]|"")*"|[^\s(),;'"])*/uy,
} as const

/** Splits a text into tokens, the last of which is `end`. @throws SqlError 001003 for a literal or comment that never ends. */
export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = []
  for (let position = 0; ;) {
    position = skipBlank(sql, position)
    const token = readToken(sql, position, tokens.at(-1))
    tokens.push(token)
    if (token.kind === 'end') return tokens
    position = token.end
  }
}

function skipBlank(sql: string, from: number): number {
  let position = from
  for (;;) {
    const before = position
    position = match(patterns.space, sql, position) ?? position
    // The slashes of a file's address belong to it, and never begin a token.
    position = match(patterns.lineComment, sql, position) ?? position
    if (sql.startsWith('/*', position)) position = endOfComment(sql, position)
    if (position === before) return position
  }
}

function endOfComment(sql: string, from: number): number {
  const end = sql.indexOf('*/', from + 2)
  if (end < 0) throw syntaxErrorAt(sql, from, 'unexpected end of a comment')
  return end + 2
}

function readToken(sql: string, start: number, previous: Token | undefined): Token {
  const first = sql[start]
  if (first === undefined) return { kind: 'end', text: '<EOF>', start, end: start }
  if (first === "'") return literal('string', start, readString(sql, start))
  if (first === '"') return literal('quoted', start, readQuoted(sql, start))
  if (sql.startsWith('$$', start)) return literal('string', start, readDollarString(sql, start))
  return readPlain(sql, start, previous) ?? readSymbol(sql, start)
}

function literal(
  kind: TextTokenKind,
  start: number,
  { text, end }: { readonly text: string; readonly end: number },
): Token {
  return { kind: kind as 'string', text, start, end }
}

function readPlain(sql: string, start: number, previous: Token | undefined): Token | undefined {
  const read = (kind: keyof typeof patterns): string | undefined => {
    const end = match(patterns[kind], sql, start)
    return end === undefined ? undefined : sql.slice(start, end)
  }
  const made = (kind: TextTokenKind, text: string, length: number): Token => ({
    kind: kind as 'string',
    text,
    start,
    end: start + length,
  })
  const path = read('path')
  if (path !== undefined) return made('path', path, path.length)
  const word = read('word')
  if (word !== undefined) {
    return { kind: 'word', text: word, upper: word.toUpperCase(), start, end: start + word.length }
  }
  const number = isAfterOperand(previous, start) && sql[start] === '.' ? undefined : read('number')
  if (number !== undefined) return made('number', number, number.length)
  const column = read('column')
  if (column !== undefined) return made('column', column.slice(1), column.length)
  const variable = read('variable')
  if (variable !== undefined) return made('variable', variable.slice(1), variable.length)
  // `v:1` is no bind: a number behind a value is refused by the parser as a path.
  const bind = sql[start] === '?' ? '?' : isAfterOperand(previous, start) ? undefined : read('bind')
  if (bind !== undefined) return made('bind', bind.replace(':', ''), bind.length)
  const stage = read('stage')
  return stage === undefined ? undefined : made('stage', stage.slice(1), stage.length)
}

/** Directly behind something that has a value, `.` and `:` lead to its parts. */
function isAfterOperand(previous: Token | undefined, start: number): boolean {
  if (previous === undefined || previous.end !== start) return false
  if (previous.kind === 'symbol') return previous.text === ')' || previous.text === ']'
  return previous.kind !== 'end' && previous.kind !== 'stage'
}

function readSymbol(sql: string, start: number): Token {
  const symbol = symbols.find((candidate) => sql.startsWith(candidate, start))
  if (symbol === undefined) {
    throw syntaxErrorAt(sql, start, `unexpected '${String.fromCodePoint(sql.codePointAt(start) ?? 0)}'.`)
  }
  return { kind: 'symbol', text: symbol, start, end: start + symbol.length }
}

/** The end of a pattern that begins at the position. */
function match(pattern: RegExp, sql: string, position: number): number | undefined {
  pattern.lastIndex = position
  return pattern.test(sql) ? pattern.lastIndex : undefined
}
