/*
 * Which JSON a VARIANT holds as it is. PARSE_JSON refuses what is not JSON and objects with two members of one name, and
 * rounds numbers that fit neither 38 digits nor a double, without a word. The scan goes once over the bytes, so that
 * finding nothing is cheap.
 */

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Members up to which names are compared one by one. */
const fewMembers = 32

const reasons = {
  syntax: 'the text is no JSON',
  duplicate: 'an object has two members of one name, of which VARIANT keeps one',
  number: 'a number has more digits than VARIANT keeps',
  surrogate: 'a text has half of a surrogate pair',
  zero: 'a text has the character \\u0000',
} as const

class UnheldJson extends Error {}

/** Why a VARIANT does not hold the JSON text of these bytes (UTF-8); undefined when it does. */
export function unheldJsonReason(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    new JsonScan(bytes, start, end).document()
    return undefined
  } catch (error) {
    if (error instanceof UnheldJson) return error.message
    throw error
  }
}

class JsonScan {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number
  /** Names of the objects that are open: one entry each, null for an array. */
  readonly #open: (MemberNames | null)[] = []

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  document(): void {
    do this.#value()
    while (this.#next())
    if (this.#at < this.#end) fail('syntax')
  }

  /** Goes over a scalar, or into an array or object up to its first value; empty ones are closed at once. */
  #value(): void {
    for (;;) {
      this.#space()
      const byte = this.#bytes[this.#at]
      if (byte === openBracket) {
        this.#at++
        if (this.#takes(closeBracket)) return
        this.#open.push(null)
      } else if (byte === openBrace) {
        this.#at++
        if (this.#takes(closeBrace)) return
        this.#open.push(new MemberNames(this.#bytes))
        this.#name()
      } else return this.#scalar(byte)
    }
  }

  /** Closes what ends here. @returns whether a value follows. */
  #next(): boolean {
    for (;;) {
      const names = this.#open.at(-1)
      if (this.#takes(comma)) {
        if (names === undefined) fail('syntax')
        if (names) this.#name()
        return true
      }
      if (names === undefined) return false
      if (!this.#takes(names === null ? closeBracket : closeBrace)) fail('syntax')
      this.#open.pop()
    }
  }

  #name(): void {
    this.#space()
    const start = this.#at
    const hasEscapes = this.#string()
    this.#open.at(-1)!.add(start, this.#at, hasEscapes)
    if (!this.#takes(0x3a)) fail('syntax')
  }

  #scalar(byte: number | undefined): void {
    if (this.#at >= this.#end) fail('syntax')
    if (byte === quote) this.#string()
    else if (byte === 0x74) this.#word('true')
    else if (byte === 0x66) this.#word('false')
    else if (byte === 0x6e) this.#word('null')
    else this.#number()
  }

  /** @returns whether there are escapes in it. */
  #string(): boolean {
    if (this.#bytes[this.#at] !== quote) fail('syntax')
    let hasEscapes = false
    for (this.#at++; this.#at < this.#end; this.#at++) {
      const byte = this.#bytes[this.#at]!
      if (byte === quote) {
        this.#at++
        return hasEscapes
      }
      if (byte < 0x20) fail('syntax')
      if (byte === backslash) {
        hasEscapes = true
        this.#escape()
      }
    }
    return fail('syntax')
  }

  /** Ends at the last byte of the escape. */
  #escape(): void {
    const kind = this.#bytes[++this.#at]
    if (kind !== 0x75) {
      if (kind === undefined || this.#at >= this.#end || !'"\\/bfnrt'.includes(String.fromCharCode(kind)))
        fail('syntax')
      return
    }
    const unit = this.#codeUnit()
    if (unit === 0) fail('zero')
    if (unit < 0xd8_00 || unit > 0xdf_ff) return
    const isPair = unit < 0xdc_00 && this.#bytes[this.#at + 1] === backslash && this.#bytes[this.#at + 2] === 0x75
    if (!isPair) fail('surrogate')
    this.#at += 2
    const low = this.#codeUnit()
    if (low < 0xdc_00 || low > 0xdf_ff) fail('surrogate')
  }

  #codeUnit(): number {
    const digits = this.#text(this.#at + 1, Math.min(this.#at + 5, this.#end))
    if (!/^[0-9A-Fa-f]{4}$/u.test(digits)) fail('syntax')
    this.#at += 4
    return Number.parseInt(digits, 16)
  }

  #word(word: string): void {
    if (this.#text(this.#at, Math.min(this.#at + word.length, this.#end)) !== word) fail('syntax')
    this.#at += word.length
  }

  #number(): void {
    const start = this.#at
    while (this.#at < this.#end && isNumberByte(this.#bytes[this.#at]!)) this.#at++
    const text = this.#text(start, this.#at)
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/u.test(text)) fail('syntax')
    if (!isHeldNumber(text)) fail('number')
  }

  #takes(byte: number): boolean {
    this.#space()
    if (this.#at >= this.#end || this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }

  #space(): void {
    for (; this.#at < this.#end; this.#at++) {
      const byte = this.#bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
    }
  }

  #text(start: number, end: number): string {
    return textOf(this.#bytes, start, end)
  }
}

/** The names of an object's members so far. */
class MemberNames {
  readonly #bytes: Uint8Array
  /** Start and end of each, while they are few and none has escapes. */
  readonly #places: number[] = []
  #names: Set<string> | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** @param start of the opening quote, @param end behind the closing one */
  add(start: number, end: number, hasEscapes: boolean): void {
    if (hasEscapes || this.#places.length >= 2 * fewMembers) this.#names ??= this.#decoded()
    if (this.#names === undefined) this.#addPlace(start, end)
    else this.#addName(this.#nameAt(start, end))
  }

  #addPlace(start: number, end: number): void {
    for (let index = 0; index < this.#places.length; index += 2) {
      const other = this.#places[index]!
      if (this.#places[index + 1]! - other === end - start && this.#isEqual(other, start, end)) fail('duplicate')
    }
    this.#places.push(start, end)
  }

  #isEqual(other: number, start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (this.#bytes[at] !== this.#bytes[other + at - start]) return false
    return true
  }

  #addName(name: string): void {
    if (this.#names!.has(name)) fail('duplicate')
    this.#names!.add(name)
  }

  #decoded(): Set<string> {
    const names = new Set<string>()
    for (let index = 0; index < this.#places.length; index += 2) {
      names.add(this.#nameAt(this.#places[index]!, this.#places[index + 1]!))
    }
    return names
  }

  #nameAt(start: number, end: number): string {
    return JSON.parse(textOf(this.#bytes, start, end)) as string
  }
}

const integerDigitsMax = 38
const fractionDigitsMax = 37

/** Digits up to 38, or a double whose shortest text is the same number. */
function isHeldNumber(text: string): boolean {
  // Most numbers: the sign and the point leave room.
  if (text.length <= integerDigitsMax && !/e/iu.test(text)) return fractionOf(text).length <= fractionDigitsMax
  const [, whole = '', exponent] = /^-?([\d.]+)(?:e(.+))?$/iu.exec(text)!
  const fraction = fractionOf(whole)
  const digits = whole.replace('.', '').length
  if (exponent === undefined && digits <= integerDigitsMax && fraction.length <= fractionDigitsMax) return true
  const number = Number(text)
  return Number.isFinite(number) && scientific(String(number)) === scientific(text)
}

function fractionOf(text: string): string {
  const point = text.indexOf('.')
  return point === -1 ? '' : text.slice(point + 1)
}

/** One spelling of a number: its digits without zeros around them, and the exponent of the last. */
function scientific(text: string): string {
  const [, sign = '', whole = '', exponent = '0'] = /^(-?)([\d.]+)(?:e(.+))?$/iu.exec(text)!
  const digits = whole.replace('.', '').replace(/^0+/u, '')
  const significant = digits.replace(/0+$/u, '')
  if (significant === '') return '0'
  const zeros = digits.length - significant.length
  return `${sign}${significant}e${Number(exponent) - fractionOf(whole).length + zeros}`
}

function isNumberByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e || (byte | 0x20) === 0x65
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

function fail(reason: keyof typeof reasons): never {
  throw new UnheldJson(reasons[reason])
}
