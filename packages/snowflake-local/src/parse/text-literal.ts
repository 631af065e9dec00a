import { syntaxErrorAt } from './lexer-error.ts'

export interface ReadText {
  readonly text: string
  readonly end: number
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  0: '\0',
}

/** A string in single quotes: `''` is a quote, and a backslash escapes. */
export function readString(sql: string, start: number): ReadText {
  let text = ''
  let position = start + 1
  for (;;) {
    const character = sql[position]
    if (character === undefined) throw syntaxErrorAt(sql, start, 'parse error: unterminated string.')
    if (character === "'") {
      if (sql[position + 1] !== "'") return { text, end: position + 1 }
      text += "'"
      position += 2
    } else if (character === '\\') {
      const escaped = readEscape(sql, position + 1)
      text += escaped.text
      position = escaped.end
    } else {
      text += character
      position += 1
    }
  }
}

/** Octal `\ooo`, hexadecimal `\xhh`, `\uhhhh`, the letters above; any other character stands for itself. */
function readEscape(sql: string, start: number): ReadText {
  const coded = /^(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|([0-7]{3}))/u.exec(sql.slice(start, start + 5))
  if (coded !== null) {
    const [all, unicode, hex, octal] = coded
    const code = octal === undefined ? Number.parseInt(unicode ?? hex ?? '0', 16) : Number.parseInt(octal, 8)
    return { text: String.fromCharCode(code), end: start + all.length }
  }
  const character = sql[start] ?? ''
  return { text: escapes[character] ?? character, end: start + 1 }
}

export function readQuoted(sql: string, start: number): ReadText {
  let position = start + 1
  for (;;) {
    const quote = sql.indexOf('"', position)
    if (quote < 0) throw syntaxErrorAt(sql, start, 'parse error: unterminated identifier.')
    if (sql[quote + 1] !== '"') return { text: sql.slice(start + 1, quote).replaceAll('""', '"'), end: quote + 1 }
    position = quote + 2
  }
}

/** Between double dollars every character stands for itself. */
export function readDollarString(sql: string, start: number): ReadText {
  const end = sql.indexOf('$$', start + 2)
  if (end < 0) throw syntaxErrorAt(sql, start, 'parse error: unterminated string.')
  return { text: sql.slice(start + 2, end), end: end + 2 }
}
