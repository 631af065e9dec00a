import type { SourcePosition } from './template-error.ts'

export type TokenType =
  | 'data'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'eof'

/**
 * One lexical unit. `value` is the text of names, operators and numbers (without underscores), the unescaped contents of
 * strings, and the text of data with whitespace control already applied. `end` is the offset behind the token.
 */
export interface Token extends SourcePosition {
  readonly type: TokenType
  readonly value: string
  readonly end: number
}

const descriptions: Partial<Record<TokenType, string>> = {
  data: 'template data / text',
  variable_begin: 'begin of print statement',
  variable_end: 'end of print statement',
  block_begin: 'begin of statement block',
  block_end: 'end of statement block',
  eof: 'end of template',
}

export function describeTokenType(type: TokenType): string {
  return descriptions[type] ?? type
}

export function describeToken(token: Token): string {
  return token.type === 'name' || token.type === 'operator' ? token.value : describeTokenType(token.type)
}
