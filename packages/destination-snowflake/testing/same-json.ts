/**
 * True when a VARIANT that prints as `found` is the JSON `expected`: numbers are compared digit by digit, members of
 * objects in any order. Of a number with an exponent, a double, Snowflake prints sixteen digits.
 */
export function sameJson(found: string, expected: string): boolean {
  return isSame(parsed(found), parsed(expected))
}

class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function parsed(text: string): unknown {
  type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
  const reviver: Reviver = (_, value, { source }) => (typeof value === 'number' ? new NumberText(source!) : value)
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown)
}

function isSame(found: unknown, expected: unknown): boolean {
  if (found instanceof NumberText && expected instanceof NumberText) return isSameNumber(found.text, expected.text)
  if (typeof found !== 'object' || typeof expected !== 'object' || found === null || expected === null) {
    return found === expected
  }
  const [left, right] = [Object.entries(found), new Map(Object.entries(expected))]
  const isSameKind = Array.isArray(found) === Array.isArray(expected) && left.length === right.size
  return isSameKind && left.every(([name, value]) => right.has(name) && isSame(value, right.get(name)))
}

function isSameNumber(found: string, expected: string): boolean {
  if (digitsOf(found) === digitsOf(expected)) return true
  return /e/iu.test(found) && Number(found).toExponential(15) === Number(expected).toExponential(15)
}

/** Sign, digits without zeros around them, and the power of ten of the last. */
function digitsOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e(.+))?$/iu.exec(text)!
  const digits = String(BigInt(whole + fraction))
  if (digits === '0') return '0'
  const significant = digits.replace(/0+$/u, '')
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
