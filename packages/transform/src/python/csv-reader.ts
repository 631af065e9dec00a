/**
 * The rows of a CSV file as Python's csv module reads them: values in double quotes may hold the delimiter and line
 * breaks, a doubled quote is a quote, and quotes inside of a value that does not begin with one are ordinary. An empty
 * line is an empty row.
 */
export function readCsv(text: string, delimiter: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let position = 0
  while (position < text.length) {
    const value = readValue(text, position, delimiter)
    position = value.end
    const ends = text.startsWith(delimiter, position) ? '' : lineBreakAt(text, position)
    if (row.length > 0 || value.end > value.start || ends === '') row.push(value.text)
    if (ends === '' && position < text.length) {
      position += delimiter.length
      if (position < text.length) continue
      row.push('')
    }
    position += ends.length
    rows.push(row)
    row = []
  }
  return rows
}

interface Value {
  readonly text: string
  readonly start: number
  readonly end: number
}

function readValue(text: string, start: number, delimiter: string): Value {
  if (text[start] !== '"') {
    const end = plainEnd(text, start, delimiter)
    return { text: text.slice(start, end), start, end }
  }
  let value = ''
  let position = start + 1
  for (;;) {
    const quote = text.indexOf('"', position)
    // A quote that is never closed takes the rest of the file.
    if (quote < 0) return { text: value + text.slice(position), start, end: text.length }
    value += text.slice(position, quote)
    position = quote + 1
    if (text[position] !== '"') break
    value += '"'
    position += 1
  }
  // What stands behind the closing quote belongs to the value, too.
  const end = plainEnd(text, position, delimiter)
  return { text: value + text.slice(position, end), start, end }
}

function plainEnd(text: string, start: number, delimiter: string): number {
  let end = start
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r' && !text.startsWith(delimiter, end)) end += 1
  return end
}

function lineBreakAt(text: string, position: number): string {
  if (text.startsWith('\r\n', position)) return '\r\n'
  return text[position] ?? ''
}
