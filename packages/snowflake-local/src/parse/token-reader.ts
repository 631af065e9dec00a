import { tokenize } from './lexer.ts'
import { syntaxErrorAt } from './lexer-error.ts'
import type { SqlError } from '../engine/sql-error.ts'
import type { Expression, Identifier, ObjectName } from './ast-expression.ts'
import type { Query } from './ast-query.ts'
import type { Token } from './token.ts'

/** The rules that refer to each other in a circle: an expression may hold a query, and a query holds expressions. */
export interface Grammar {
  readonly expression: (reader: TokenReader) => Expression
  readonly query: (reader: TokenReader) => Query
}

/** Values that name things and so have to be known while a text is parsed: `IDENTIFIER(?)`, `ON_ERROR = ?`. */
export interface KnownTexts {
  readonly bind: (index: number) => string | undefined
  readonly variable: (name: Identifier) => string | undefined
}

export const nothingKnown: KnownTexts = { bind: () => undefined, variable: () => undefined }

/** A place in the tokens of one text. Words are compared in upper case; a quoted identifier is never a keyword. */
export class TokenReader {
  readonly sql: string
  readonly grammar: Grammar
  /** Of `?` so far: they are numbered from the left. */
  bindCount = 0
  private readonly known: KnownTexts
  private readonly tokens: readonly Token[]
  private index = 0

  constructor(sql: string, grammar: Grammar, known = nothingKnown) {
    this.sql = sql
    this.grammar = grammar
    this.known = known
    this.tokens = tokenize(sql)
  }

  get token(): Token {
    return this.ahead(0)
  }

  ahead(count: number): Token {
    const token = this.tokens[this.index + count] ?? this.tokens.at(-1)
    if (token === undefined) throw new Error('a text has no tokens, not even its end')
    return token
  }

  /** End of the token before this one. */
  get consumedEnd(): number {
    return this.tokens[this.index - 1]?.end ?? 0
  }

  next(): Token {
    const token = this.token
    if (token.kind !== 'end') this.index += 1
    return token
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.ahead(ahead)
    return token.kind === 'word' && token.upper === word
  }

  isWords(...words: readonly string[]): boolean {
    return words.every((word, index) => this.isWord(word, index))
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.ahead(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  /** Takes the words if all of them come next. */
  takeWords(...words: readonly string[]): boolean {
    if (!this.isWords(...words)) return false
    this.index += words.length
    return true
  }

  /** Takes the first of the words that comes next. */
  takeOneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    return words.find((word) => this.takeWords(...word.split(' ')))
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.index += 1
    return true
  }

  expectWords(...words: readonly string[]): void {
    for (const word of words) if (!this.takeWords(word)) throw this.unexpected()
  }

  expectOneOf<Word extends string>(words: readonly Word[]): Word {
    const word = this.takeOneOf(words)
    if (word === undefined) throw this.unexpected()
    return word
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected()
  }

  isIdentifier(ahead = 0): boolean {
    const { kind } = this.ahead(ahead)
    return kind === 'word' || kind === 'quoted'
  }

  /** An identifier, folded to upper case unless it is quoted. */
  identifier(): Identifier {
    const token = this.token
    if (token.kind === 'word') {
      this.index += 1
      return token.upper
    }
    if (token.kind !== 'quoted') throw this.unexpected()
    this.index += 1
    return token.text
  }

  /** `a.b.c`; `db..name` leaves the schema out, which is PUBLIC then. */
  objectName(): ObjectName {
    const at = this.token.start
    if (this.isWords('IDENTIFIER') && this.isSymbol('(', 1)) return this.namedIdentifier(at)
    const parts = [this.identifier()]
    while (this.takeSymbol('.')) {
      parts.push(this.takeSymbol('.') ? 'PUBLIC' : this.identifier())
      if (parts.at(-1) === 'PUBLIC' && this.isIdentifier() && this.tokens[this.index - 1]?.end === this.token.start) {
        parts.push(this.identifier())
      }
    }
    return { parts, at }
  }

  /** `IDENTIFIER('a.b')`, `IDENTIFIER(?)`, `IDENTIFIER($variable)`. */
  private namedIdentifier(at: number): ObjectName {
    this.index += 2
    const name = this.takeKnown() ?? this.string()
    this.expectSymbol(')')
    return { ...new TokenReader(name, this.grammar).objectName(), at }
  }

  /** The value of a bind or a variable that stands here, where nothing but a text makes sense. */
  takeKnown(): string | undefined {
    const { token } = this
    if (token.kind !== 'bind' && token.kind !== 'variable') return undefined
    const text =
      token.kind === 'bind' ? this.known.bind(this.bindIndex()) : this.known.variable(token.text.toUpperCase())
    if (text === undefined) throw this.unexpected()
    this.next()
    return text
  }

  /** Of the bind that stands here: `?` has the next number; `:3` says its own. */
  bindIndex(): number {
    const { text } = this.token
    if (text !== '?') return Number(text)
    this.bindCount += 1
    return this.bindCount
  }

  string(): string {
    const token = this.token
    if (token.kind !== 'string') throw this.unexpected()
    this.index += 1
    return token.text
  }

  integer(): number {
    const negative = this.takeSymbol('-')
    const token = this.token
    if (token.kind !== 'number' || !/^\d+$/u.test(token.text)) throw this.unexpected()
    this.index += 1
    return negative ? -Number(token.text) : Number(token.text)
  }

  stage(): string {
    const token = this.token
    if (token.kind === 'string' && token.text.startsWith('@')) {
      this.index += 1
      return token.text.slice(1)
    }
    if (token.kind !== 'stage') throw this.unexpected()
    this.index += 1
    return token.text
  }

  /** `rule, rule, …` */
  list<Item>(rule: () => Item): readonly Item[] {
    const items = [rule()]
    while (this.takeSymbol(',')) items.push(rule())
    return items
  }

  /** `(rule, rule, …)`, which may be empty. */
  bracketed<Item>(rule: () => Item): readonly Item[] {
    this.expectSymbol('(')
    if (this.takeSymbol(')')) return []
    const items = this.list(rule)
    this.expectSymbol(')')
    return items
  }

  expression(): Expression {
    return this.grammar.expression(this)
  }

  query(): Query {
    return this.grammar.query(this)
  }

  /** Tries a rule; goes back to where it began when it gives nothing. */
  attempt<Result>(rule: () => Result | undefined): Result | undefined {
    const start = this.index
    const result = rule()
    if (result === undefined) this.index = start
    return result
  }

  textFrom(start: number): string {
    return this.sql.slice(start, this.consumedEnd)
  }

  /** The rest of the text, up to a semicolon at the very end; all tokens are taken. */
  rest(): string {
    const start = this.token.start
    this.index = this.tokens.length - 1
    return this.sql.slice(start).trim().replace(/;$/u, '')
  }

  unexpected(): SqlError {
    const { kind, text, start } = this.token
    return syntaxErrorAt(this.sql, start, kind === 'end' ? `unexpected '<EOF>'.` : `unexpected '${text}'.`)
  }
}
