import { expect, it } from 'vitest'
import { differenceTable } from './unit-test-difference.ts'

const columns = ['id', 'name']
const rows = (...texts: string[]) => texts.map((text) => text.split(' '))

it('says nothing of rows that are equal in another order, each as often', () => {
  expect(differenceTable(columns, { actual: rows('1 a', '2 b'), expected: rows('2 b', '1 a') })).toBeUndefined()
  expect(differenceTable(columns, { actual: rows('1 a', '1 a'), expected: rows('1 a') })).toBe(
    ['@@ ,id,name', '   ,1 ,a', '+++,1 ,a'].join('\n'),
  )
})

it('marks cells that differ, rows too many and rows too few', () => {
  const table = differenceTable(columns, { actual: rows('1 a', '2 x', '3 c'), expected: rows('1 a', '2 b', '4 d') })
  expect(table).toBe(['@@ ,id,name', '   ,1 ,a', '→  ,2 ,b→x', '+++,3 ,c', '---,4 ,d'].join('\n'))
})

it('leaves out equal rows that stand away from those that differ', () => {
  const many = ['1 a', '2 a', '3 a', '4 a', '5 a']
  const table = differenceTable(columns, { actual: rows(...many, '6 b'), expected: rows(...many) })
  expect(table).toBe(['@@ ,id ,name', '...,...,...', '   ,5  ,a', '+++,6  ,b'].join('\n'))
})
