import { EclusaError } from '@eclusa/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wireOf } from '../../testing/pgoutput-capture.ts'
import { PgoutputReader } from './pgoutput-reader.ts'
import { hasSameKey } from './tuple-fields.ts'

const u16 = (value: number) => Buffer.from([value >> 8, value & 255])
const u32 = (value: number) => Buffer.from(new Uint32Array([value]).buffer).swap32()

const field = fc.oneof(
  fc.constantFrom('n', 'u'),
  fc.tuple(fc.constantFrom('b', 't'), fc.string({ maxLength: 2 })).map(([kind, text]) => {
    return `${kind}${u32(Buffer.byteLength(text)).toString('latin1')}${Buffer.from(text).toString('latin1')}`
  }),
)
const row = fc.array(field, { minLength: 5, maxLength: 5 })
const tuple = (fields: readonly string[]) => Buffer.concat([u16(fields.length), Buffer.from(fields.join(''), 'latin1')])

function update(old: readonly string[], now: readonly string[]): Buffer {
  return Buffer.concat([Buffer.from('U'), u32(1), Buffer.from('O'), tuple(old), Buffer.from('N'), tuple(now)])
}

function compareKeys(message: Uint8Array, keyFields: readonly number[]): unknown {
  const { wire, start, end } = wireOf(message)
  const reader = new PgoutputReader()
  try {
    reader.read(wire, start, end)
    return hasSameKey(wire, reader, keyFields)
  } catch (error) {
    return EclusaError.isInstance(error) ? error.code : error
  }
}

test('a key is the same when its fields are, or were not sent because they have not changed', () => {
  const keys = fc.uniqueArray(fc.nat(4), { minLength: 1 }).map((indexes) => indexes.toSorted((a, b) => a - b))
  // Often the same value twice, or chance would hardly make keys equal.
  const rows = fc.tuple(row, row, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 })).map(([old, other, kept]) => {
    return [old, old.map((value, index) => (kept[index] ? value : other[index]))] as string[][]
  })
  fc.assert(
    fc.property(rows, keys, ([old = [], now = []], keyFields) => {
      const expected = keyFields.every((index) => now[index] === 'u' || now[index] === old[index])
      expect(compareKeys(update(old, now), keyFields)).toBe(expected)
    }),
    { numRuns: 500 },
  )
})

test('a row that is cut off is refused', () => {
  const long = `t${u32(3).toString('latin1')}abc`
  const whole = update([long, long, long], [long, long, long])
  const lastTuple = tuple([long, long, long]).length
  const results = Array.from({ length: lastTuple - 2 }, (_, missing) => {
    return compareKeys(whole.subarray(0, whole.length - missing - 1), [0, 2])
  })
  expect(new Set(results)).toEqual(new Set(['REPLICATION_PROTOCOL_VIOLATION']))
})
