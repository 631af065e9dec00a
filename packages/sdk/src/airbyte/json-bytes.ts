/** JSON as it is written: bytes that grow, so that texts need not become strings on their way. */
export class JsonBytes {
  #bytes: Uint8Array<ArrayBuffer>
  #end = 0

  constructor(bytesExpected: number) {
    this.#bytes = new Uint8Array(bytesExpected)
  }

  get byteLength(): number {
    return this.#end
  }

  /** What was written, in a buffer of its own; the next bytes begin a new one. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#end)
    this.#end = 0
    return taken
  }

  /** Takes back everything from there on. */
  cut(end: number): void {
    this.#end = end
  }

  /** Text of ASCII characters alone, as it is. */
  ascii(text: string): void {
    const { length } = text
    this.#reserve(length)
    const bytes = this.#bytes
    let end = this.#end
    for (let index = 0; index < length; index++) bytes[end++] = text.charCodeAt(index)
    this.#end = end
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  int(value: number): void {
    if (value < 0) {
      this.#reserve(1)
      this.#bytes[this.#end++] = minus
      value = -value
    }
    let digits = 1
    for (let limit = 10; value >= limit; limit *= 10) digits++
    this.#reserve(digits)
    this.#end += digits
    let at = this.#end
    do {
      const rest = value % 10
      this.#bytes[--at] = zero + rest
      value = (value - rest) / 10
    } while (value > 0)
  }

  /** A string of UTF-8 bytes `start` to `end` of `source`, in quotes and escaped. */
  text(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start + 2)
    let bytes = this.#bytes
    let at = this.#end
    bytes[at++] = quote
    for (let index = start; index < end; index++) {
      const byte = source[index]!
      if (byte >= space && byte !== quote && byte !== backslash) {
        bytes[at++] = byte
        continue
      }
      this.#end = at
      this.ascii(escapes[byte] ?? unicodeEscape(byte))
      // Escapes are longer than what they stand for.
      this.#reserve(end - index + 1)
      bytes = this.#bytes
      at = this.#end
    }
    bytes[at++] = quote
    this.#end = at
  }

  /** A string, in quotes and escaped. */
  string(value: string): void {
    this.raw(encoder.encode(JSON.stringify(value)))
  }

  #reserve(count: number): void {
    const needed = this.#end + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = grown
  }
}

const encoder = new TextEncoder()
const [minus, zero, quote, backslash, space] = [0x2d, 0x30, 0x22, 0x5c, 0x20]

const escapes: Readonly<Record<number, string>> = {
  0x08: String.raw`\b`,
  0x09: String.raw`\t`,
  0x0a: String.raw`\n`,
  0x0c: String.raw`\f`,
  0x0d: String.raw`\r`,
  [quote]: String.raw`\"`,
  [backslash]: String.raw`\\`,
}

function unicodeEscape(byte: number): string {
  return `\\u${byte.toString(16).padStart(4, '0')}`
}
