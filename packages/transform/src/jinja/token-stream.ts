import { tokenize } from './lexer.ts'
import { type SourcePosition, TemplateError, type TemplateErrorKind } from './template-error.ts'
import { type Token, type TokenType, describeToken, describeTokenType } from './token.ts'

/** The tokens of one template with one token of look-ahead. */
export class TokenStream {
  readonly templateName: string
  readonly #tokens: Iterator<Token, void>
  readonly #pending: Token[] = []
  current: Token

  constructor(source: string, templateName: string) {
    this.templateName = templateName
    this.#tokens = tokenize(source, templateName)
    this.current = { type: 'eof', value: '', line: 1, column: 1, offset: 0, end: 0 }
    this.current = this.#pull()
  }

  next(): Token {
    const token = this.current
    this.current = this.#pending.shift() ?? this.#pull()
    return token
  }

  look(): Token {
    const token = this.#pending[0] ?? this.#pull()
    this.#pending[0] = token
    return token
  }

  #pull(): Token {
    const step = this.#tokens.next()
    if (!step.done && step.value.type !== 'eof') return step.value
    // As in Jinja2 the end is reported where the last token begins: often the block that lacks its end.
    return { ...(this.#pending[0] ?? this.current), type: 'eof', value: '' }
  }

  is(type: TokenType, value?: string): boolean {
    return this.current.type === type && (value === undefined || this.current.value === value)
  }

  isOperator(...operators: string[]): boolean {
    return this.current.type === 'operator' && operators.includes(this.current.value)
  }

  isName(...names: string[]): boolean {
    return this.current.type === 'name' && names.includes(this.current.value)
  }

  skipOperator(operator: string): boolean {
    if (!this.is('operator', operator)) return false
    this.next()
    return true
  }

  skipName(name: string): boolean {
    if (!this.is('name', name)) return false
    this.next()
    return true
  }

  expect(type: TokenType, value?: string): Token {
    if (this.is(type, value)) return this.next()
    const expected = value ?? describeTokenType(type)
    if (this.current.type === 'eof') this.fail(`unexpected end of template, expected '${expected}'.`)
    return this.fail(`expected token '${expected}', got '${describeToken(this.current)}'`)
  }

  expectOperator(operator: string): Token {
    return this.expect('operator', operator)
  }

  fail(reason: string, position: SourcePosition = this.current, kind: TemplateErrorKind = 'syntax'): never {
    const { line, column } = position
    throw new TemplateError({ kind, reason, templateName: this.templateName, line, column })
  }
}

export function positionOf({ line, column, offset }: SourcePosition): SourcePosition {
  return { line, column, offset }
}
