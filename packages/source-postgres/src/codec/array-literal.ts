import { malformed } from './value-codec.ts'

/** An element of an array literal; nested arrays are those of a multi-dimensional one. */
export type ArrayItem = string | null | readonly ArrayItem[]

export interface ArrayLiteral {
  readonly items: readonly ArrayItem[]
  /** True when any dimension starts elsewhere than at 1; the literal then says where: `[0:1]={a,b}`. */
  readonly hasOtherBounds: boolean
}

/** Reads the text of any array as PostgreSQL prints it. @param delimiter pg_type.typdelim of the element type. */
export function parseArrayLiteral(text: string, delimiter: string): ArrayLiteral {
  const bounds = /^(?:\[[+-]?\d+:[+-]?\d+\])+=/.exec(text)?.[0] ?? ''
  const parser = new ArrayLiteralParser(text, bounds.length, delimiter)
  return { items: parser.parse(), hasOtherBounds: bounds !== '' }
}

class ArrayLiteralParser {
  readonly #text: string
  readonly #delimiter: string
  #at: number

  constructor(text: string, start: number, delimiter: string) {
    this.#text = text
    this.#at = start
    this.#delimiter = delimiter
  }

  parse(): ArrayItem[] {
    const items = this.#parseItems()
    if (this.#at !== this.#text.length) throw this.#fault()
    return items
  }

  #parseItems(): ArrayItem[] {
    this.#expect('{')
    const items: ArrayItem[] = []
    if (this.#accept('}')) return items
    do items.push(this.#parseItem())
    while (this.#accept(this.#delimiter))
    this.#expect('}')
    return items
  }

  #parseItem(): ArrayItem {
    const first = this.#text[this.#at]
    if (first === '{') return this.#parseItems()
    if (first === '"') return this.#parseQuoted()
    const start = this.#at
    while (this.#at < this.#text.length && this.#text[this.#at] !== this.#delimiter && this.#text[this.#at] !== '}') {
      this.#at++
    }
    if (this.#at === start) throw this.#fault()
    const word = this.#text.slice(start, this.#at)
    return word === 'NULL' ? null : word
  }

  #parseQuoted(): string {
    const start = ++this.#at
    let end = start
    let hasEscapes = false
    for (; this.#text[end] !== '"'; end++) {
      if (end >= this.#text.length) throw this.#fault()
      if (this.#text[end] !== '\\') continue
      hasEscapes = true
      end++
    }
    this.#at = end + 1
    const content = this.#text.slice(start, end)
    return hasEscapes ? content.replace(/\\(.)/gs, '$1') : content
  }

  #accept(symbol: string): boolean {
    const isThere = this.#text[this.#at] === symbol
    if (isThere) this.#at++
    return isThere
  }

  #expect(symbol: string): void {
    if (!this.#accept(symbol)) throw this.#fault()
  }

  #fault() {
    return malformed(`the text is no array literal from character ${this.#at + 1} on`)
  }
}

/** The text of an element inside of an array literal: quoted where array_out of PostgreSQL quotes it. */
export function quoteArrayElement(text: string, delimiter: string): string {
  const needsQuotes = text === '' || /^null$/i.test(text) || /["\\{} \t\n\r\v\f]/.test(text) || text.includes(delimiter)
  return needsQuotes ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
}
