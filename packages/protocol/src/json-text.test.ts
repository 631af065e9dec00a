import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonNumber } from './json-number.ts'
import { parseJson, stringifyJson } from './json-text.ts'
import { ProtocolError } from './protocol-error.ts'

/** The value of a number text in whole numbers, by another way than the code: `[sign, digits, power of ten]`. */
function exactValue(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(
    text,
  )!
  let digits = BigInt(whole + fraction)
  let power = BigInt(exponent) - BigInt(fraction.length)
  if (digits === 0n) return `${sign}0`
  for (; digits % 10n === 0n; power++) digits /= 10n
  return `${sign}${digits}e${power}`
}

const digits = (lengthMax: number) =>
  fc.string({ unit: fc.integer({ min: 0, max: 9 }).map(String), minLength: 1, maxLength: lengthMax })

/** Numbers of the JSON grammar, with those lengths and exponents more often at which a double begins to lose. */
const numberText = fc
  .record({
    sign: fc.constantFrom('', '-'),
    whole: fc.oneof(digits(20), fc.constantFrom('0', '9007199254740992', '9007199254740993', '1700000000000000')),
    fraction: fc.option(fc.oneof(digits(3), digits(20), fc.constantFrom('0', '000000000000000000', '10'))),
    exponent: fc.option(
      fc.tuple(
        fc.constantFrom('e', 'E'),
        fc.constantFrom('', '+', '-'),
        fc.oneof(digits(2), fc.constantFrom('0', '308', '309', '323', '324', '400')),
      ),
    ),
  })
  .map(({ sign, whole, fraction, exponent }) => {
    const trimmed = whole.replace(/^0+(?=\d)/, '')
    return `${sign}${trimmed}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : exponent.join('')}`
  })

describe('parseJson and stringifyJson', () => {
  test('keep the value of every number', () => {
    fc.assert(
      fc.property(numberText, (text) => {
        expect(exactValue(stringifyJson(parseJson(text)))).toBe(exactValue(text))
      }),
      { numRuns: 20_000 },
    )
  })

  test('keep the value of every number wherever it stands among strings that look like numbers', () => {
    const spaced = fc.constantFrom('', ' ', '\t', '\r\n')
    fc.assert(
      fc.property(numberText, numberText, numberText, spaced, fc.string(), (first, second, third, space, string) => {
        const text = `{"a":${space}${first}${space},"b${third}":[${space}"${third}",${second}],${JSON.stringify(`c${string}`)}:"x:${third}"}`
        const sources: string[] = []
        JSON.parse(stringifyJson(parseJson(text)), (_key, value: unknown, context?: { source?: string }) => {
          if (typeof value === 'number') sources.push(exactValue(context!.source!))
          return value
        })
        expect(sources).toEqual([exactValue(first), exactValue(second)])
      }),
      { numRuns: 10_000 },
    )
  })

  test('give what JSON.parse and JSON.stringify give for a document whose numbers are doubles', () => {
    const document = fc.jsonValue({ depthSize: 'medium' })
    fc.assert(
      fc.property(document, (value) => {
        const text = JSON.stringify(value)
        expect(stringifyJson(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)))
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    '12345678901234567891',
    '9007199254740993',
    '0.1000000000000000055',
    '9007199254740993e-3',
    '1e400',
    '1e-400',
    '-0',
    '5e-325',
  ])('keep %s as a JsonNumber', (text) => {
    expect(parseJson(`{"value":${text}}`)).toEqual({ value: new JsonNumber(text) })
  })

  test.each([
    '0',
    '1.0',
    '9007199254740992',
    '0.30000000000000004',
    '1E3',
    '5e-324',
    '123456789012345680000',
    '1700000000000000.000',
    '0.00012500000000000000',
  ])('make a JavaScript number of %s, which a double holds', (text) => {
    expect(parseJson(`[${text}]`)).toEqual([Number(text)])
  })

  test('keep a key named __proto__ as a field', () => {
    const text = '{"__proto__":{"a":12345678901234567891},"constructor":1}'
    expect(stringifyJson(parseJson(text))).toBe(text)
  })

  test('write a bigint as an integer and minus zero with its sign', () => {
    expect(stringifyJson({ id: 2n ** 64n, list: [-1n, -0, 0, 1.5], text: '1' })).toBe(
      '{"id":18446744073709551616,"list":[-1,-0,0,1.5],"text":"1"}',
    )
  })

  test.each([Number.NaN, Infinity, -Infinity])('refuse to write %s, which JSON.stringify makes null', (value) => {
    expect(() => stringifyJson({ data: [2n, { value }] })).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_NUMBER_UNREPRESENTABLE' }),
    )
  })
})

describe('JsonNumber', () => {
  test.each(['', '01', '1.', '.5', '+1', 'NaN', '0x10', '1 ', '1\n', '1,2'])(
    'refuses %j, which is no JSON number',
    (text) => {
      expect(() => new JsonNumber(text)).toThrow(RangeError)
    },
  )

  test('is told from other objects, and errors of the codec from other errors', () => {
    expect(JsonNumber.isInstance(new JsonNumber('1'))).toBe(true)
    expect(JsonNumber.isInstance({ text: '1' })).toBe(false)
    expect(ProtocolError.isInstance(new RangeError())).toBe(false)
  })
})
