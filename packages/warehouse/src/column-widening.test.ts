import { formatColumnType, parseColumnType } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { isSameColumnType, isWidening } from './column-widening.ts'

function typeOf(text: string): ColumnType {
  const type = parseColumnType(text)
  if (type === undefined) throw new Error(`no column type: ${text}`)
  return type
}

it.each([
  ['int16', 'int32', true],
  ['int32', 'int64', true],
  ['int64', 'int32', false],
  ['float32', 'float64', true],
  ['float64', 'float32', false],
  ['int32', 'float64', false],
  ['int64', 'decimal(19,0)', true],
  ['int64', 'decimal(20,2)', false],
  ['decimal(10,2)', 'decimal(11,2)', true],
  ['decimal(10,2)', 'decimal(11,3)', true],
  ['decimal(10,2)', 'decimal(10,3)', false],
  ['decimal(10,2)', 'decimal(10,2)', false],
  ['decimal(4,0)', 'int64', false],
  ['list<int16>', 'list<int64>', true],
  ['list<int16>', 'int64', false],
  ['timestamp', 'timestamptz', false],
  ['int32', 'text', false],
  ['text', 'json', false],
])('tells whether %s widens to %s: %s', (from, to, expected) => {
  expect(isWidening(typeOf(from), typeOf(to))).toBe(expected)
})

it('never widens both ways, and never to itself', () => {
  const names = ['int16', 'int32', 'int64', 'float32', 'float64', 'text', 'date', 'list<int32>', 'list<int64>']
  const decimal = fc
    .tuple(fc.integer({ min: 1, max: 38 }), fc.nat({ max: 38 }))
    .filter(([precision, scale]) => scale <= precision)
    .map(([precision, scale]) => `decimal(${precision},${scale})`)
  const type = fc.oneof(fc.constantFrom(...names), decimal).map(typeOf)
  const property = fc.property(type, type, (left, right) => {
    expect(isWidening(left, right) && isWidening(right, left)).toBe(false)
    expect(isSameColumnType(left, right)).toBe(formatColumnType(left) === formatColumnType(right))
    expect(isSameColumnType(left, right) && isWidening(left, right)).toBe(false)
  })
  fc.assert(property, { numRuns: 1000 })
})
