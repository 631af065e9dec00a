import { syntaxErrorAt } from '../parse/lexer-error.ts'
import { tokenize } from '../parse/lexer.ts'
import type { Token } from '../parse/token.ts'

/** The tokens of a script, and the texts between them. */
export class ScriptReader {
  readonly sql: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(sql: string) {
    this.sql = sql
    this.#tokens = tokenize(sql)
  }

  get token(): Token {
    return this.peek(0)
  }

  peek(ahead: number): Token {
    const token = this.#tokens[this.#at + ahead] ?? this.#tokens.at(-1)
    if (token === undefined) throw new Error('a text has at least its end for a token')
    return token
  }

  next(): Token {
    const { token } = this
    this.#at += 1
    return token
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.upper === word
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  takeWord(...words: readonly string[]): boolean {
    if (!words.every((word, index) => this.isWord(word, index))) return false
    this.#at += words.length
    return true
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.#at += 1
    return true
  }

  expectWord(...words: readonly string[]): void {
    if (!this.takeWord(...words)) throw this.unexpected()
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected()
  }

  /** A name, folded unless it is quoted. */
  name(): string {
    const token = this.next()
    if (token.kind === 'word') return token.upper
    if (token.kind === 'quoted') return token.text
    throw this.unexpected(token)
  }

  /** The text up to, but not with, the first token that ends it outside of brackets and CASE. */
  textUntil(...ends: readonly string[]): string {
    const { start } = this.token
    let end = start
    for (let depth = 0; ;) {
      const { token } = this
      if (token.kind === 'end' || (depth === 0 && this.#isOneOf(ends))) break
      if (opens(token)) depth += 1
      if (closes(token)) depth -= 1
      ;({ end } = this.next())
    }
    if (end === start) throw this.unexpected()
    return this.sql.slice(start, end)
  }

  /** What is in brackets, without them. */
  bracketed(): string {
    this.expectSymbol('(')
    const text = this.textUntil(')')
    this.expectSymbol(')')
    return text
  }

  unexpected(token: Token = this.token): Error {
    return syntaxErrorAt(this.sql, token.start, token.kind === 'end' ? '<EOF>' : this.sql.slice(token.start, token.end))
  }

  #isOneOf(ends: readonly string[]): boolean {
    const { token } = this
    if (token.kind === 'word') return ends.includes(token.upper)
    return token.kind === 'symbol' && ends.includes(token.text)
  }
}

function opens(token: Token): boolean {
  if (token.kind === 'word') return token.upper === 'CASE'
  return token.kind === 'symbol' && (token.text === '(' || token.text === '[' || token.text === '{')
}

function closes(token: Token): boolean {
  if (token.kind === 'word') return token.upper === 'END'
  return token.kind === 'symbol' && (token.text === ')' || token.text === ']' || token.text === '}')
}
