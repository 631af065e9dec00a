import { reprOfValue } from './python-text.ts'
import { unescapeString } from './string-literal.ts'
import { TemplateError, type TemplateErrorKind } from './template-error.ts'
import type { Token, TokenType } from './token.ts'
import { trimEnd, whitespacePattern } from './whitespace.ts'

const floatPattern = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy
const integerPattern = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy
const namePattern = /\p{ID_Continue}+/uy
const identifierPattern = /^[\p{ID_Start}_]/u
const stringPattern = /'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"/sy
const operatorPattern = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y
const rawBeginPattern = new RegExp(`\\{%[-+]?${whitespacePattern}*raw${whitespacePattern}*(-?)%\\}`, 'y')
const rawEndPattern = new RegExp(`\\{%([-+]?)${whitespacePattern}*endraw${whitespacePattern}*([-+]?)%\\}`, 'g')
const spacePattern = new RegExp(`${whitespacePattern}+`, 'y')
const tagBeginPattern = /\{[{%#]/g

const closingBrackets: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/**
 * The source as Jinja2 sees it: every line break is "\n" and one line break at the very end is dropped.
 * All offsets of tokens and nodes refer to this text.
 */
export function normalizeSource(source: string): string {
  const text = source.replace(/\r\n?/g, '\n')
  return text.endsWith('\n') ? text.slice(0, -1) : text
}

/**
 * Splits a normalized source into tokens, lazily, so that an error of the parser is reported before one of a later token.
 * @throws TemplateError of kind `syntax`
 */
export function tokenize(source: string, templateName: string): Generator<Token, void, undefined> {
  return new Lexer(source, templateName).tokens()
}

class Lexer {
  readonly #source: string
  readonly #templateName: string
  #offset = 0
  #line = 1
  #lineStart = 0

  constructor(source: string, templateName: string) {
    this.#source = source
    this.#templateName = templateName
  }

  *tokens(): Generator<Token, void, undefined> {
    const source = this.#source
    while (this.#offset < source.length) {
      tagBeginPattern.lastIndex = this.#offset
      const begin = tagBeginPattern.exec(source)?.index ?? source.length
      yield* this.#data(begin, source[begin + 2] === '-')
      if (begin === source.length) return
      if (source[begin + 1] === '#') this.#comment()
      else if (source[begin + 1] === '{') yield* this.#tag('variable_begin', 'variable_end', '}}')
      else if (matchAt(rawBeginPattern, source, begin)) yield* this.#raw()
      else yield* this.#tag('block_begin', 'block_end', '%}')
    }
  }

  *#data(end: number, trimmed: boolean): Generator<Token, void, undefined> {
    const text = this.#source.slice(this.#offset, end)
    const value = trimmed ? trimEnd(text) : text
    if (value !== '') yield this.#token('data', value, this.#offset + value.length)
    this.#advance(end)
  }

  #comment(): void {
    const begin = this.#offset + (isSign(this.#source[this.#offset + 2]) ? 3 : 2)
    const end = this.#source.indexOf('#}', begin)
    // As in Jinja2, an opening at the very end of the template is no error.
    if (end < 0 && begin >= this.#source.length) return this.#advance(this.#source.length)
    if (end < 0) this.#fail('Missing end of comment tag')
    const trimmed = end > begin && this.#source[end - 1] === '-'
    this.#advance(end + 2)
    if (trimmed) this.#skipSpace()
  }

  *#raw(): Generator<Token, void, undefined> {
    const begin = matchAt(rawBeginPattern, this.#source, this.#offset)
    if (!begin) return
    const contentBegin = this.#offset + begin[0].length
    rawEndPattern.lastIndex = contentBegin
    const end = rawEndPattern.exec(this.#source)
    if (!end && contentBegin >= this.#source.length) return this.#advance(this.#source.length)
    if (!end) this.#fail('Missing end of raw directive')
    this.#advance(contentBegin)
    if (begin[1] === '-') this.#skipSpace(end.index)
    yield* this.#data(end.index, end[1] === '-')
    this.#advance(end.index + end[0].length)
    if (end[2] === '-') this.#skipSpace()
  }

  *#tag(beginType: TokenType, endType: TokenType, endMark: string): Generator<Token, void, undefined> {
    const source = this.#source
    const signs = isSign(source[this.#offset + 2]) ? 1 : 0
    yield this.#take(beginType, source.slice(this.#offset, this.#offset + 2 + signs))
    const brackets: string[] = []
    for (;;) {
      this.#skipSpace()
      if (this.#offset >= source.length) return
      const endLength = brackets.length === 0 ? this.#endLength(endMark) : 0
      if (endLength > 0) {
        const trimmed = source[this.#offset] === '-'
        yield this.#take(endType, source.slice(this.#offset, this.#offset + endLength))
        if (trimmed) this.#skipSpace()
        return
      }
      yield this.#unit(brackets)
    }
  }

  /** The length of the mark that closes the tag here, or 0. A "+" may stand before "%}" only. */
  #endLength(endMark: string): number {
    if (this.#source.startsWith(endMark, this.#offset)) return 2
    const sign = this.#source[this.#offset]
    const allowed = sign === '-' || (sign === '+' && endMark === '%}')
    return allowed && this.#source.startsWith(endMark, this.#offset + 1) ? 3 : 0
  }

  #unit(brackets: string[]): Token {
    const float = this.#source[this.#offset - 1] === '.' ? undefined : this.#match(floatPattern)
    if (float !== undefined) return this.#take('float', float, float.replaceAll('_', ''))
    const integer = this.#match(integerPattern)
    if (integer !== undefined) return this.#take('integer', integer, integer.replaceAll('_', ''))
    const name = this.#match(namePattern)
    if (name !== undefined) {
      if (!identifierPattern.test(name)) this.#fail('Invalid character in identifier')
      return this.#take('name', name)
    }
    const quoted = this.#match(stringPattern)
    if (quoted !== undefined) return this.#take('string', quoted, this.#unescape(quoted))
    const operator = this.#match(operatorPattern)
    if (operator !== undefined) {
      this.#balance(operator, brackets)
      return this.#take('operator', operator)
    }
    const character = String.fromCodePoint(this.#source.codePointAt(this.#offset) ?? 0)
    const isQuote = character === "'" || character === '"'
    const reason = `unexpected char ${reprOfValue(character)} at ${this.#offset}`
    return this.#fail(isQuote ? `${reason}: the string is not closed` : reason)
  }

  #balance(operator: string, brackets: string[]): void {
    const closing = closingBrackets[operator]
    if (closing !== undefined) brackets.push(closing)
    if (operator !== ')' && operator !== ']' && operator !== '}') return
    const expected = brackets.pop()
    if (expected === undefined) this.#fail(`unexpected '${operator}'`)
    if (expected !== operator) this.#fail(`unexpected '${operator}', expected '${expected}'`)
  }

  #unescape(quoted: string): string {
    const result = unescapeString(quoted.slice(1, -1))
    return typeof result === 'string' ? result : this.#fail(result.fault)
  }

  #match(pattern: RegExp): string | undefined {
    return matchAt(pattern, this.#source, this.#offset)?.[0]
  }

  #take(type: TokenType, text: string, value = text): Token {
    const token = this.#token(type, value, this.#offset + text.length)
    this.#advance(token.end)
    return token
  }

  #token(type: TokenType, value: string, end: number): Token {
    return { type, value, line: this.#line, column: this.#offset - this.#lineStart + 1, offset: this.#offset, end }
  }

  #skipSpace(limit = this.#source.length): void {
    const space = matchAt(spacePattern, this.#source, this.#offset)
    if (space) this.#advance(Math.min(limit, this.#offset + space[0].length))
  }

  #advance(offset: number): void {
    for (;;) {
      const newline = this.#source.indexOf('\n', this.#offset)
      if (newline < 0 || newline >= offset) break
      this.#line += 1
      this.#lineStart = newline + 1
      this.#offset = newline + 1
    }
    this.#offset = offset
  }

  #fail(reason: string): never {
    const kind: TemplateErrorKind = 'syntax'
    const column = this.#offset - this.#lineStart + 1
    throw new TemplateError({ kind, reason, templateName: this.#templateName, line: this.#line, column })
  }
}

function isSign(character: string | undefined): boolean {
  return character === '-' || character === '+'
}

function matchAt(pattern: RegExp, source: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset
  return pattern.exec(source)
}
