import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rawIdMaxOf, rawIdSalt, rawIdText } from '@eclusa/warehouse/load'
import { rawIdColumn } from './raw-id.ts'

function idsOf(
  options: { sequence: number; first: number; count: number },
  salt = rawIdSalt(['p', 't', 'r']),
): string[] {
  const { values } = rawIdColumn(salt, options)
  const hex = Buffer.from(values ?? []).toString('hex')
  return (hex.match(/.{32}/g) ?? []).map((id) => id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
}

const sequence = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const ordinal = fc.integer({ min: 0, max: 2 ** 40 - 2 })

describe('rawIdColumn', () => {
  it('makes UUIDs of version 8 and of the variant of RFC 9562', () => {
    const property = fc.property(sequence, ordinal, (at, first) => {
      const [id = ''] = idsOf({ sequence: at, first, count: 1 })
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    })
    fc.assert(property)
  })

  it('orders ids as rows arrive: by commit, then by row', () => {
    const property = fc.property(sequence, sequence, ordinal, ordinal, (one, other, first, second) => {
      const [left = ''] = idsOf({ sequence: one, first, count: 1 })
      const [right = ''] = idsOf({ sequence: other, first: second, count: 1 })
      const isBefore = one === other ? first < second : one < other
      expect(left < right).toBe(isBefore)
    })
    fc.assert(property)
  })

  it('gives each row of a batch an id of its own, across the border of 32 bits', () => {
    const ids = idsOf({ sequence: 7, first: 2 ** 32 - 3, count: 6 })
    expect(new Set(ids).size).toBe(6)
    expect(ids.toSorted()).toEqual(ids)
  })

  it('keeps pipelines, tables and runs apart', () => {
    const salts = [
      ['p', 't', 'r'],
      ['p', 't', 'r2'],
      ['p2', 't', 'r'],
      ['p', 't2', 'r'],
    ].map(rawIdSalt)
    const ids = salts.flatMap((salt) => idsOf({ sequence: 1, first: 0, count: 1 }, salt))
    expect(new Set(ids).size).toBe(4)
  })

  it('begins all ids of a commit alike', () => {
    const property = fc.property(sequence, fc.array(fc.string()), ordinal, (at, parts, first) => {
      const salt = rawIdSalt(parts)
      const [id = ''] = idsOf({ sequence: at, first, count: 1 }, salt)
      expect(id).toBe(`${rawIdText(salt, at)}${first.toString(16).padStart(10, '0')}`)
    })
    fc.assert(property)
  })

  it('has a greatest id of each commit', () => {
    const property = fc.property(sequence, ordinal, (at, first) => {
      const [id = ''] = idsOf({ sequence: at, first, count: 1 })
      expect(id <= rawIdMaxOf(at)).toBe(true)
      expect(id > rawIdMaxOf(at - 1)).toBe(true)
    })
    fc.assert(property)
  })
})
