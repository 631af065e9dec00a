import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEnvironment } from './environment.ts'
import { exponentText, fixedText, floatText } from './float-text.ts'
import { normalizeSource, tokenize } from './lexer.ts'
import { TemplateError } from './template-error.ts'
import type { Token } from './token.ts'

const environment = createEnvironment({ limits: { stepsMax: 10_000 } })

const marks = '{{ }} {% %} {# #} {%- -%} {{- -}} ( ) [ ] { } | . , = == + - * ** % ~ \\ : " \''.split(' ')
const words = 'if else endif for in endfor set endset macro endmacro raw endraw is not and upper loop x 1 2.5'.split(
  ' ',
)
const spaced = words.map((word) => ` ${word} `)
const piece = fc.oneof(fc.constantFrom(...marks), fc.constantFrom(...spaced), fc.constantFrom("'a'", '\n', ' '))

/** Text with many pieces of the language in it, in any order. */
const soup = fc
  .array(fc.oneof(piece, piece, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 30 })
  .map((parts) => parts.join(''))

function describeError(error: unknown): string {
  if (!(error instanceof TemplateError)) throw error
  return error.line > 0 && error.column > 0 ? error.message : `without a place: ${error.message}`
}

function outcome(source: string): string {
  try {
    return environment.parse(source).render({ x: [1, 'b'] })
  } catch (error) {
    return describeError(error)
  }
}

async function outcomeAsync(source: string): Promise<string> {
  try {
    return await environment.parse(source).renderAsync({ x: [1, 'b'] })
  } catch (error) {
    return describeError(error)
  }
}

test('any text either renders or is a template error with a place, and the same in both modes', async () => {
  await fc.assert(
    fc.asyncProperty(soup, async (source) => {
      const found = outcome(source)
      expect(found).not.toContain('without a place')
      expect(await outcomeAsync(source)).toBe(found)
    }),
    { numRuns: 2_000 },
  )
})

test('text without a tag is kept as it is but for line breaks', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const plain = text.replaceAll('{', '(')
      expect(environment.parse(plain).render({})).toBe(plain.replace(/\r\n?/g, '\n').replace(/\n$/, ''))
    }),
  )
})

/** The tokens before the first error. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  try {
    for (const token of tokenize(text, 't')) tokens.push(token)
  } catch (error) {
    describeError(error)
  }
  return tokens
}

test('tokens stand where they say', () => {
  fc.assert(
    fc.property(soup, (source) => {
      const text = normalizeSource(source)
      const lineLengths = text.split('\n').map((line) => line.length + 1)
      for (const token of tokensOf(text)) {
        const before = lineLengths.slice(0, token.line - 1).reduce((sum, length) => sum + length, 0)
        expect(before + token.column - 1).toBe(token.offset)
        expect(token.type !== 'name' || text.slice(token.offset, token.end) === token.value).toBe(true)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('a printed float reads back as the same number, and so does its longest form', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(floatText(value))).toBe(value)
      expect(Number(exponentText(value, 16))).toBe(value)
      expect(environment.parse(`{{ x|float }}`).render({ x: floatText(value) })).toBe(floatText(value))
    }),
  )
})

test('rounding to fixed digits is off by at most half a unit', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.integer({ min: 0, max: 6 }), (value, digits) => {
      expect(Math.abs(Number(fixedText(value, digits)) - value)).toBeLessThanOrEqual(0.5 * 10 ** -digits + 1e-7)
    }),
  )
})

test('integers of any size are exact', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), fc.bigInt({ min: 1n, max: 2n ** 70n }), (a, b) => {
      const source = `{{ a + b }} {{ a - b }} {{ a * b }} {{ (a // b) * b + a % b }} {{ a < b }} {{ a == a }} {{ (a % b) >= 0 }}`
      const expected = [a + b, a - b, a * b, a, a < b ? 'True' : 'False', 'True', 'True'].join(' ')
      expect(environment.parse(source.replaceAll(/\ba\b/g, `(${a})`).replaceAll(/\bb\b/g, `${b}`)).render({})).toBe(
        expected,
      )
    }),
  )
})
