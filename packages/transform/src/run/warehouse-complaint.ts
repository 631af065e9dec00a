import type { EclusaError } from '@eclusa/sdk'
import { failedStatement } from '../adapter/failed-statement.ts'

/**
 * What the warehouse said of a statement, with the line of the node's compiled SQL that it is about, as the server
 * itself would show it: `LINE 3:   from wehre` and a caret below. Values of rows are left out: this text goes to the
 * terminal, to logs and into artifacts (docs/decisions/0013).
 */
export function complaintOf(error: EclusaError, compiledCode: string | undefined): string {
  const { message, code, position } = error.details
  if (typeof message !== 'string') return error.message
  const said = withoutValues(message, String(code))
  const line = typeof position === 'number' ? compiledLine(error, position, compiledCode) : undefined
  return [said, ...hintOf(error), ...(line ?? [])].join('\n')
}

/** A complaint about what a materialization has wrapped around the SQL has no line in it. */
function compiledLine(error: EclusaError, position: number, compiledCode = ''): string[] | undefined {
  const code = compiledCode.trim()
  const start = failedStatement(error)?.indexOf(code) ?? -1
  const offset = position - 1 - start
  if (code === '' || start < 0 || offset < 0 || offset > code.length) return undefined
  const before = compiledCode.slice(0, compiledCode.indexOf(code) + offset).split('\n')
  const head = `LINE ${before.length}: `
  const text = compiledCode.split('\n')[before.length - 1] ?? ''
  const indent = (before.at(-1) ?? '').replaceAll(/[^\t]/gu, ' ')
  return text.length > lineLengthMax ? undefined : [`${head}${text}`, `${' '.repeat(head.length)}${indent}^`]
}

const lineLengthMax = 200

/** PostgreSQL's advice, which speaks of names and types. Its detail is left out, which quotes keys and whole rows. */
function hintOf({ cause }: EclusaError): string[] {
  const hint = typeof cause === 'object' && cause !== null && 'hint' in cause ? cause.hint : undefined
  return typeof hint === 'string' && hint !== '' ? [`HINT:  ${hint}`] : []
}

/** Only complaints about data quote values. All others quote names, which are what one has to read. */
export function withoutValues(message: string, code: string): string {
  // A state of five characters is PostgreSQL's; class 22 of its manual, appendix A: data exception.
  if (/^[0-9A-Z]{5}$/u.test(code)) return code.startsWith('22') ? message.replaceAll(/"[^"]*"/gu, '"…"') : message
  const said = code === 'undefined' ? message : `${code}: ${message}`
  if (!/^(?:Constraint|Conversion|Invalid Input|Out of Range) Error/u.test(said)) return said
  return said
    .replaceAll(/\b(string|value|format:) *(?:'[^'\n]*'|"[^"\n]*")/gu, '$1 "…"')
    .replaceAll(/^Original Line:.*$/gmu, 'Original Line: …')
    .replaceAll(/\b(key) "([^":\n]+): [^\n]*?"(?= )/gu, '$1 "$2: …"')
    .replaceAll(/\(-?[\d.]+ [-+*/%] -?[\d.]+\)/gu, '(…)')
}
