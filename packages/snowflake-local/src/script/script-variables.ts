import { SqlError } from '../engine/sql-error.ts'
import type { ResultColumn, ResultRow } from '../engine/statement.ts'
import { textOfWire } from '../engine/wire-text.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { tokenize } from '../parse/lexer.ts'
import type { Token } from '../parse/token.ts'

export interface ReadRows {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly ResultRow[]
}

export type Variable =
  /** `sql`: the value as a literal of Snowflake's SQL. */
  | { readonly kind: 'value'; sql: string; readonly type: string | undefined }
  | { readonly kind: 'rows'; readonly rows: ReadRows | undefined; readonly query: string }
  /** The row that a FOR is at: literals by column. */
  | { readonly kind: 'row'; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'exception'; readonly number: string; readonly message: string }

/** The variables of a block, and those of the blocks around it. */
export class Variables {
  readonly #own = new Map<string, Variable>()
  readonly #outer: Variables | undefined

  constructor(outer?: Variables) {
    this.#outer = outer
  }

  find(name: string): Variable | undefined {
    return this.#own.get(name) ?? this.#outer?.find(name)
  }

  declare(name: string, variable: Variable): void {
    this.#own.set(name, variable)
  }

  /** For what the last statement says of itself, in whatever block it stood. */
  declareOutermost(name: string, variable: Variable): void {
    if (this.#outer === undefined) this.declare(name, variable)
    else this.#outer.declareOutermost(name, variable)
  }

  /** A variable of the script as its literal; nothing for any other name. */
  literal(name: string, field: string | undefined): string | undefined {
    const variable = this.find(name)
    if (variable?.kind === 'value' && field === undefined) return variable.sql
    return variable?.kind === 'row' && field !== undefined ? variable.values.get(field) : undefined
  }
}

/** In a statement variables stand behind a colon, in an expression by themselves too. */
export function putValues(text: string, variables: Variables, where: 'statement' | 'expression'): string {
  const tokens = tokenize(text)
  let written = ''
  let from = 0
  for (let at = 0; at < tokens.length; at += 1) {
    const found = variableAt(tokens, at, { variables, where })
    if (found === undefined) continue
    written += `${text.slice(from, found.start)} ${found.literal} `
    from = found.end
    at = found.last
  }
  return written + text.slice(from)
}

interface Found {
  readonly literal: string
  readonly start: number
  readonly end: number
  /** Index of its last token. */
  readonly last: number
}

function variableAt(
  tokens: readonly Token[],
  at: number,
  { variables, where }: { readonly variables: Variables; readonly where: 'statement' | 'expression' },
): Found | undefined {
  const token = tokens[at]
  if (token === undefined) return undefined
  const before = tokens[at - 1]
  const isColon = isSymbol(token, ':')
  // A colon right behind a value is the path into a VARIANT.
  if (isColon && before !== undefined && before.end === token.start && isOperand(before)) return undefined
  if (!isColon && (where === 'statement' || isSymbol(before, '.') || isSymbol(before, ':'))) return undefined
  const first = isColon ? at + 1 : at
  const name = nameOf(tokens[first])
  if (name === undefined || isSymbol(tokens[first + 1], '(')) return undefined
  const field = isSymbol(tokens[first + 1], '.') ? nameOf(tokens[first + 2]) : undefined
  const literal =
    variables.literal(name, field) ?? (field === undefined ? undefined : variables.literal(name, undefined))
  if (literal === undefined) return undefined
  const last = field === undefined ? first : first + 2
  return { literal, start: token.start, end: tokens[last]?.end ?? token.end, last }
}

function isSymbol(token: Token | undefined, text: string): boolean {
  return token?.kind === 'symbol' && token.text === text
}

function isOperand(token: Token): boolean {
  return token.kind !== 'symbol' || token.text === ')' || token.text === ']'
}

function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word') return token.upper
  return token?.kind === 'quoted' ? token.text : undefined
}

export function quoteLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** A value of a result as a literal of Snowflake's SQL. */
export function literalOf(value: string | null, { type }: Pick<ResultColumn, 'type'>): string {
  if (value === null) return 'NULL'
  switch (type) {
    case 'fixed':
      return value.startsWith('-') ? `(${value})` : value
    case 'real':
      return `'${value}'::FLOAT`
    case 'boolean':
      return value === '1' ? 'TRUE' : 'FALSE'
    case 'text':
      return quoteLiteral(value)
    case 'binary':
      return `TO_BINARY('${value}', 'HEX')`
    case 'variant':
      return `PARSE_JSON(${quoteLiteral(value)})`
    case 'object':
    case 'array':
      return `PARSE_JSON(${quoteLiteral(value)})::${type.toUpperCase()}`
    default: {
      const name = type.toUpperCase()
      return `'${textOfWire(value, { name, scale: 9 } as SqlType) ?? ''}'::${name}`
    }
  }
}

/** One that the script raised by its name. */
export class RaisedError extends SqlError {
  readonly exception: string

  constructor(exception: string, { number, message }: { readonly number: string; readonly message: string }) {
    super({ code: number.replace('-', '').padStart(6, '0'), sqlState: 'P0001', message })
    this.exception = exception
  }
}
