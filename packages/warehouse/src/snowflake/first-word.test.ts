import { expect, it } from 'vitest'
import { firstWordOf } from './first-word.ts'

it.each([
  ['create table t (a int)', 'CREATE'],
  ['/* select */ -- insert\n // drop\n\t/* a\n b */\nUpdate t set a = 1', 'UPDATE'],
  // A comment ends where it ends, and not at a later one.
  ['/* a */ select 1 as "status" /* b */ create', 'SELECT'],
  ['/* never ends create', ''],
  ['-- only a comment', ''],
  ['(select 1)', ''],
  ['', ''],
])('finds the first word of %j', (sql, word) => {
  expect(firstWordOf(sql)).toBe(word)
})

it('reads long runs of comments once', () => {
  expect(firstWordOf(`${'/* a */ -- b\n'.repeat(100_000)}(`)).toBe('')
})
