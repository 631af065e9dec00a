import fc from 'fast-check'
import { expect, it } from 'vitest'
import { chunkConditions, planChunks } from './copy-chunk.ts'
import type { CopyPart } from './copy-part.ts'

function part(pages: number, bytes = pages * 8192): CopyPart {
  const names = { oid: 1, qualifiedName: 't', fromSql: 't', columnNumbers: [], rowFilter: undefined }
  return { ...names, filenode: 1, isAddressable: true, pages, bytes }
}

it('covers every page once, from the first that is left to the open end', () => {
  fc.assert(
    fc.property(
      fc.nat(2000),
      fc.integer({ min: 1, max: 200 * 8192 }),
      fc.nat(2500),
      fc.nat(5),
      (pages, chunkBytes, pageFirst, toast) => {
        const chunks = planChunks(part(pages, pages * 8192 * (1 + toast)), { chunkBytes, pageFirst })
        expect(chunks.at(0)!.pageFirst).toBe(pages === 0 ? 0 : pageFirst)
        expect(chunks.at(-1)!.pageEnd).toBeNull()
        for (const [index, chunk] of chunks.slice(1).entries()) expect(chunk.pageFirst).toBe(chunks.at(index)!.pageEnd)
        for (const chunk of chunks)
          expect(chunk.bytesEstimated).toBeLessThanOrEqual(Math.max(chunkBytes, 8192 * (1 + toast)))
      },
    ),
  )
})

it('counts TOAST, so that pages with much of it make smaller chunks', () => {
  expect(planChunks(part(100), { chunkBytes: 20 * 8192 })).toHaveLength(5)
  expect(planChunks(part(100, 1000 * 8192), { chunkBytes: 20 * 8192 })).toHaveLength(50)
})

it('leaves what has no row addresses whole', () => {
  expect(planChunks({ ...part(100), isAddressable: false }, { chunkBytes: 1 })).toMatchObject([
    { pageFirst: 0, pageEnd: null },
  ])
})

it('names pages by the line before their first', () => {
  expect(chunkConditions({ pageFirst: 0, pageEnd: null })).toEqual([])
  expect(chunkConditions({ pageFirst: 0, pageEnd: 9 })).toEqual([`ctid < '(9,0)'`])
  expect(chunkConditions({ pageFirst: 9, pageEnd: 12 })).toEqual([`ctid >= '(9,0)'`, `ctid < '(12,0)'`])
})
