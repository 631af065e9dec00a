import type { FileFormat } from './file-format.ts'

export interface CsvRecord {
  /** From 1; a record may go over several lines. */
  readonly line: number
  readonly fields: readonly (string | null)[]
}

/** DuckDB's reader does not tell an empty field from a quoted one, so records are read here, while the text comes. */
export async function* readCsv(blocks: AsyncIterable<string>, format: FileFormat): AsyncGenerator<CsvRecord> {
  const reader = new CsvReader(format)
  let skipped = 0
  for await (const record of recordsOf(reader, blocks)) {
    if (skipped < format.skipHeader) {
      skipped += 1
      continue
    }
    const isBlank = record.fields.length === 1 && record.blank
    if (isBlank && format.skipBlankLines) continue
    yield { line: record.line, fields: record.fields }
  }
}

async function* recordsOf(reader: CsvReader, blocks: AsyncIterable<string>): AsyncGenerator<RawRecord> {
  for await (const block of blocks) {
    reader.push(block)
    for (let record = reader.next(); record !== undefined; record = reader.next()) yield record
  }
  reader.end()
  for (let record = reader.next(); record !== undefined; record = reader.next()) yield record
}

interface RawRecord extends CsvRecord {
  readonly blank: boolean
}

class CsvReader {
  readonly #format: FileFormat
  readonly #lineEnd: string
  #text = ''
  #at = 0
  #line = 1
  #isWhole = false
  #isFirst = true
  /** A record that did not end is only tried again when there is twice as much of it. */
  #retryAt = 0

  constructor(format: FileFormat) {
    this.#format = format
    this.#lineEnd = format.recordDelimiter
  }

  push(block: string): void {
    this.#text = this.#text.slice(this.#at) + (this.#isFirst ? block.replace(/^\uFEFF/u, '') : block)
    this.#at = 0
    this.#isFirst &&= block === ''
  }

  end(): void {
    this.#isWhole = true
  }

  /** Nothing where the text that is there may break off within the record. */
  next(): RawRecord | undefined {
    if (this.#at >= this.#text.length) return undefined
    if (!this.#isWhole && this.#text.length - this.#at < this.#retryAt) return undefined
    const [start, line] = [this.#at, this.#line]
    const record = this.#record()
    if (this.#isWhole || this.#at < this.#text.length) {
      this.#retryAt = 0
      return record
    }
    this.#retryAt = 2 * (this.#text.length - start)
    this.#at = start
    this.#line = line
    return undefined
  }

  #record(): RawRecord {
    const start = this.#at
    const line = this.#line
    const fields: (string | null)[] = []
    for (;;) {
      fields.push(this.#field())
      if (this.#takes(this.#format.fieldDelimiter)) {
        if (this.#at >= this.#text.length) {
          fields.push(this.#value('', false))
          break
        }
        continue
      }
      break
    }
    const blank = this.#at === start
    this.#takeLineEnd()
    return { line, fields, blank }
  }

  #field(): string | null {
    const { enclosedBy, trimSpace } = this.#format
    if (enclosedBy !== undefined) {
      const start = this.#at
      if (trimSpace) while (this.#text[this.#at] === ' ') this.#at += 1
      if (this.#text.startsWith(enclosedBy, this.#at)) return this.#enclosed(enclosedBy)
      this.#at = start
    }
    return this.#plain()
  }

  #enclosed(quote: string): string | null {
    const { escape, trimSpace } = this.#format
    this.#at += 1
    let value = ''
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? ''
      if (escape !== undefined && character === escape && escape !== quote) {
        value += unescaped(this.#text[this.#at + 1] ?? '')
        this.#at += 2
      } else if (character === quote) {
        this.#at += 1
        if (this.#text[this.#at] !== quote) break
        value += quote
        this.#at += 1
      } else {
        if (character === '\n') this.#line += 1
        value += character
        this.#at += 1
      }
    }
    if (trimSpace) while (this.#text[this.#at] === ' ') this.#at += 1
    return this.#value(value, true)
  }

  #plain(): string | null {
    const { escapeUnenclosed, escape, nullIf, trimSpace } = this.#format
    const mark = escape ?? escapeUnenclosed
    const start = this.#at
    let value = ''
    while (!this.#isFieldEnd()) {
      const character = this.#text[this.#at] ?? ''
      if (character === mark) {
        value += unescaped(this.#text[this.#at + 1] ?? '')
        this.#at += 2
      } else {
        value += character
        this.#at += 1
      }
    }
    // NULL_IF is compared with what stands in the file: `\N` is not an escaped N.
    const raw = this.#text.slice(start, this.#at)
    if (nullIf.includes(raw)) return null
    return this.#value(trimSpace ? value.trim() : value, false)
  }

  #value(value: string, enclosed: boolean): string | null {
    if (this.#format.nullIf.includes(value)) return null
    return value === '' && !enclosed && this.#format.emptyFieldAsNull ? null : value
  }

  #takes(text: string): boolean {
    if (text === '' || !this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #isFieldEnd(): boolean {
    const { fieldDelimiter } = this.#format
    if (this.#at >= this.#text.length || this.#isLineEnd()) return true
    return fieldDelimiter !== '' && this.#text.startsWith(fieldDelimiter, this.#at)
  }

  #isLineEnd(): boolean {
    if (this.#lineEnd === '') return false
    if (this.#lineEnd !== '\n') return this.#text.startsWith(this.#lineEnd, this.#at)
    return this.#text[this.#at] === '\n' || this.#text.startsWith('\r\n', this.#at)
  }

  #takeLineEnd(): void {
    if (this.#lineEnd === '\n') this.#takes('\r')
    // Whatever stands between a closing quote and the end of the record is passed over.
    while (this.#at < this.#text.length && !this.#isLineEnd()) this.#at += 1
    if (this.#takes(this.#lineEnd === '\n' && this.#text.startsWith('\r\n', this.#at) ? '\r\n' : this.#lineEnd))
      this.#line += 1
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

function unescaped(character: string): string {
  return escapes[character] ?? character
}
