/** Shared across copies and versions of this package, so that `isInstance` works where `instanceof` cannot. */
const marker = Symbol.for('eclusa.json-number')

const numberGrammar = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** TypeScript 7 has no declaration yet for JSON.rawJSON, which every Node since 21 has. */
const json: JSON & { readonly rawJSON?: (this: void, text: string) => object } = JSON

/**
 * A JSON number that a JavaScript number would change: an integer beyond 2^53, more digits than a double keeps, an
 * exponent that overflows or underflows, minus zero. `JSON.stringify` writes it digit by digit as it came.
 *
 * Take the digits for BigInt or a decimal type from `text`. Do not send one through `structuredClone` or to a worker:
 * the copy is a plain object and would be written as one.
 *
 * @throws RangeError when the text is not a number of the JSON grammar (RFC 8259, section 6).
 */
export class JsonNumber {
  readonly [marker] = true
  readonly text: string

  constructor(text: string) {
    if (!numberGrammar.test(text)) throw new RangeError('The text of a JsonNumber is not a JSON number')
    this.text = text
  }

  static isInstance(value: unknown): value is JsonNumber {
    return typeof value === 'object' && value !== null && marker in value
  }

  toJSON(): object {
    return json.rawJSON!(this.text)
  }

  toString(): string {
    return this.text
  }
}

/** True when the double nearest to this number text has exactly its value, as JSON.stringify would write it again. */
export function isExactAsDouble(text: string): boolean {
  const value = Number(text)
  if (!Number.isFinite(value)) return false
  if (value === 0) return !text.startsWith('-') && !/^[0.]*[1-9]/.test(text)
  const written = String(value)
  return written === text || canonicalNumber(written) === canonicalNumber(text)
}

/** One text per value, for any number but zero: `-12.50E3` is `-125e2`. */
function canonicalNumber(text: string): string {
  const sign = text.startsWith('-') ? '-' : ''
  const [mantissa = '', exponent = '0'] = text.slice(sign.length).toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  const power = Number(exponent) - fraction.length + digits.length - significant.length
  return `${sign}${significant}e${power}`
}
