import { JsonNumber } from './json-value.ts'
import type { JsonObject, JsonValue } from './json-value.ts'

/*
 * Snowflake reads more than JSON allows: strings in single quotes, a comma before a closing bracket. JSON.parse cannot
 * be used, for it makes doubles of all numbers.
 */

/** White space has no code above that of the space. */
const spaceCode = 32
const space = /[ \t\r\n]*/uy
const numberText = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/uy
const word = /true|false|null|undefined|NaN|-?Infinity/iuy

/** @throws Error whose message says where reading stopped. */
export function parseJson(text: string): JsonValue {
  return new JsonReader(text).document()
}

/** Values one after the other, with nothing or white space between them. */
export function* parseJsonDocuments(text: string): Generator<JsonValue> {
  yield* new JsonReader(text).documents()
}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  *documents(): Generator<JsonValue> {
    for (this.#skipSpace(); this.#at < this.#text.length; this.#skipSpace()) yield this.#value()
  }

  document(): JsonValue {
    const value = this.#value()
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#failure()
    return value
  }

  #value(): JsonValue {
    this.#skipSpace()
    const first = this.#text[this.#at]
    if (first === '{') return this.#object()
    if (first === '[') return this.#array()
    if (first === '"' || first === "'") return this.#string(first)
    const digits = this.#match(numberText)
    return digits === undefined ? this.#word() : new JsonNumber(digits)
  }

  #word(): JsonValue {
    const found = this.#match(word)
    switch (found?.toLowerCase()) {
      case 'true':
        return true
      case 'false':
        return false
      case 'null':
      case 'undefined':
        return null
      case undefined:
        throw this.#failure()
      default:
        return new JsonNumber(found ?? '')
    }
  }

  #object(): JsonObject {
    this.#at += 1
    const entries: JsonObject = new Map()
    while (!this.#take('}')) {
      this.#skipSpace()
      const quote = this.#text[this.#at]
      if (quote !== '"' && quote !== "'") throw this.#failure()
      const key = this.#string(quote)
      if (!this.#take(':')) throw this.#failure()
      entries.set(key, this.#value())
      if (!this.#take(',') && this.#text[this.#at] !== '}') throw this.#failure()
    }
    return entries
  }

  #array(): JsonValue {
    this.#at += 1
    const items: JsonValue[] = []
    while (!this.#take(']')) {
      items.push(this.#value())
      if (!this.#take(',') && this.#text[this.#at] !== ']') throw this.#failure()
    }
    return items
  }

  #string(quote: string): string {
    const start = this.#at
    let end = start + 1
    end = this.#text.indexOf(quote, end)
    // Only where an escape may hide the quote is it looked for step by step.
    const escape = this.#text.indexOf('\\', start)
    if (escape >= 0 && escape < end) {
      end = escape
      while (end < this.#text.length && this.#text[end] !== quote) end += this.#text[end] === '\\' ? 2 : 1
    }
    if (end < 0 || end >= this.#text.length) throw this.#failure()
    this.#at = end + 1
    const body = this.#text.slice(start + 1, end)
    if (!/[\\\r\n\t]/u.test(body)) return body
    return unescape(body) ?? this.#fail()
  }

  #take(symbol: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== symbol) return false
    this.#at += 1
    return true
  }

  #skipSpace(): void {
    // Mostly there is none, and a regular expression costs more than a look.
    if (this.#text.charCodeAt(this.#at) <= spaceCode) this.#match(space)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #fail(): never {
    throw this.#failure()
  }

  #failure(): Error {
    return new Error(`Error parsing JSON: unexpected text, pos ${this.#at + 1}`)
  }
}

function unescape(body: string): string | undefined {
  const text = body
    .replaceAll("\\'", "'")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(/(?<!\\)((?:\\\\)*)"/gu, '$1\\"')
  try {
    return String(JSON.parse(`"${text}"`))
  } catch {
    return undefined
  }
}
