import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MessageGatherer } from './huge-message.ts'

const hugeBytes = 1024 * 1024

function message(bytes: number): Buffer {
  const all = Buffer.alloc(5 + bytes, bytes % 251)
  all.write('D')
  all.writeInt32BE(4 + bytes, 1)
  return all
}

/** What a parser is given, copied, since the memory of a huge message is taken back. */
function gather(chunks: readonly Buffer[]): Buffer[] {
  const given: Buffer[] = []
  const gatherer = new MessageGatherer((bytes) => given.push(Buffer.from(bytes)))
  for (const chunk of chunks) gatherer.take(chunk)
  return given
}

test('passes on every byte, and a huge message as one, however they arrive', () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(hugeBytes - 5, hugeBytes - 4, hugeBytes * 2))
  const sizes = fc.array(size, { maxLength: 12 })
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 })
  const property = fc.property(sizes, cuts, (messageSizes, cutFractions) => {
    const messages = messageSizes.map(message)
    const all = Buffer.concat(messages)
    const positions = [0, ...cutFractions.map((cut) => Math.floor(cut * all.length)), all.length].toSorted(
      (a, b) => a - b,
    )
    const given = gather(positions.slice(1).map((end, index) => all.subarray(positions[index], end)))
    expect(Buffer.concat(given).equals(all)).toBe(true)
    const huge = messages.filter(({ length }) => length > hugeBytes).map(({ length }) => length)
    expect(given.map(({ length }) => length).filter((length) => huge.includes(length))).toEqual(huge)
  })
  fc.assert(property, { numRuns: 25 })
})

test('leaves a length that cannot be to the parser', () => {
  const broken = Buffer.from([0x44, 0, 0, 0, 1, 2, 3])
  expect(Buffer.concat(gather([broken, message(3)]))).toEqual(Buffer.concat([broken, message(3)]))
})
