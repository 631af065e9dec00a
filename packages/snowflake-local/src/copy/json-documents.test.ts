import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonDocuments } from './json-documents.ts'

function cut(text: string, sizes: readonly number[], stripOuterArray = false): readonly string[] {
  const documents = new JsonDocuments({ stripOuterArray })
  const found: string[] = []
  let rest = text
  for (const size of sizes) {
    found.push(...documents.push(rest.slice(0, size)))
    rest = rest.slice(size)
  }
  return [...found, ...documents.push(rest), ...documents.end()].map((document) => document.trim())
}

const values = fc.array(fc.jsonValue(), { maxLength: 6 })
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 })

test('documents come whole, wherever the blocks end', () => {
  fc.assert(
    fc.property(values, sizes, (documents, blocks) => {
      const texts = documents.map((document) => JSON.stringify(document))
      expect(cut(texts.join('\n'), blocks)).toEqual(texts)
    }),
  )
})

test('so do the items of an outer array that is stripped', () => {
  fc.assert(
    fc.property(values, sizes, (items, blocks) => {
      const texts = items.map((item) => JSON.stringify(item))
      expect(cut(` [ ${texts.join(' , ')} ]\n`, blocks, true)).toEqual(texts)
    }),
  )
})

test('documents need nothing between them, and one that breaks off is left over as it is', () => {
  expect(cut('{"a":1}{"b":"}"}[2] 3 4 {"c":', [3, 9])).toEqual(['{"a":1}', '{"b":"}"}', '[2]', '3', '4', '{"c":'])
  expect(cut('[{"a":1},{"b"', [], true)).toEqual(['{"a":1}', '{"b"', '['])
})
