import { EclusaError } from '@eclusa/sdk'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseArrayLiteral, quoteArrayElement } from './array-literal.ts'
import type { ArrayItem } from './array-literal.ts'
import { parseRecordLiteral } from './record-literal.ts'

const texts = fc.string({ unit: fc.constantFrom(...Array.from('ab{}"\\,;() \t\nNULnul😀\u00a0')) })
const items = fc.letrec<{ item: ArrayItem; items: ArrayItem[] }>((tie) => ({
  item: fc.oneof({ maxDepth: 3 }, fc.option(texts), tie('items')),
  items: fc.array(tie('item'), { maxLength: 4 }),
})).items

function writeArray(array: readonly ArrayItem[], delimiter: string): string {
  const written = array.map((item) => {
    if (item === null) return 'NULL'
    return typeof item === 'string' ? quoteArrayElement(item, delimiter) : writeArray(item, delimiter)
  })
  return `{${written.join(delimiter)}}`
}

function codeOf(parse: () => unknown): string | undefined {
  try {
    parse()
    return undefined
  } catch (error) {
    return EclusaError.isInstance(error) ? error.code : String(error)
  }
}

describe('array literals', () => {
  test('are read back as they were written', () => {
    fc.assert(
      fc.property(items, fc.constantFrom(',', ';'), (array, delimiter) => {
        const { items: read, hasOtherBounds } = parseArrayLiteral(writeArray(array, delimiter), delimiter)
        expect(read).toEqual(array)
        expect(hasOtherBounds).toBe(false)
      }),
    )
  })

  test('tell where their dimensions start', () => {
    expect(parseArrayLiteral('[-1:0][2:2]={{a},{b}}', ',')).toEqual({ items: [['a'], ['b']], hasOtherBounds: true })
  })

  test.each(['', '{', '}', '{a', '{"a}', '{a}b', '{,}', '{a,}', '{"a"b}', '[1:2]', 'a', '{"\\'])(
    'refuse %s',
    (text) => {
      expect(codeOf(() => parseArrayLiteral(text, ','))).toBe('POSTGRES_VALUE_MALFORMED')
    },
  )
})

describe('composite literals', () => {
  const quoteField = (value: string | null) => (value === null ? '' : `"${value.replaceAll(/["\\]/g, '$&$&')}"`)

  test('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.option(texts), { minLength: 1, maxLength: 5 }), (fields) => {
        expect(parseRecordLiteral(`(${fields.map(quoteField).join(',')})`)).toEqual(fields)
      }),
    )
  })

  test.each(['', '(', ')', '(a', 'a)', '(a)b)', '("a)', '(a),'])('refuse %s', (text) => {
    expect(codeOf(() => parseRecordLiteral(text))).toBe('POSTGRES_VALUE_MALFORMED')
  })
})
