import { tokenize } from './lexer.ts'

/** The texts of the statements that semicolons part; empty ones are left out. */
export function splitStatements(sqlText: string): readonly string[] {
  const texts: string[] = []
  let start: number | undefined
  let end = 0
  for (const token of tokenize(sqlText)) {
    const isSeparator = token.kind === 'end' || (token.kind === 'symbol' && token.text === ';')
    if (isSeparator) {
      if (start !== undefined) texts.push(sqlText.slice(start, end))
      start = undefined
    } else {
      start ??= token.start
      end = token.end
    }
  }
  return texts
}
