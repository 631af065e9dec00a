import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBindRows } from './bind-rows.ts'

/** As the drivers write a value: quotes where it needs them, and for the empty text; nothing for NULL. */
function write(value: string | null): string {
  if (value === null) return ''
  return value === '' || /["\n,\\\t]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

async function parse(text: string, blockLength: number) {
  const blocks = Array.from({ length: Math.ceil(text.length / blockLength) }, (_, index) =>
    text.slice(index * blockLength, (index + 1) * blockLength),
  )
  return await Array.fromAsync(parseBindRows(streamOf(blocks)))
}

async function* streamOf(blocks: readonly string[]) {
  yield* blocks
}

const value = fc.option(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\\', 'é', ' ') }))

describe('parseBindRows', () => {
  it('reads back what the drivers write, wherever the blocks part', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 1, max: 3 })
          .chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width }))),
        fc.integer({ min: 1, max: 7 }),
        async (rows, blockLength) => {
          const text = rows.map((row) => `${row.map((each) => write(each)).join(',')}\n`).join('')
          expect(await parse(text, blockLength)).toEqual(rows)
        },
      ),
    )
  })

  it('takes a last line without its line feed', async () => {
    expect(await parse('1,a\n2,""', 100)).toEqual([
      ['1', 'a'],
      ['2', ''],
    ])
  })
})
