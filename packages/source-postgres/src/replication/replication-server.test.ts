import { expect, it } from 'vitest'
import { timelineEnd } from './replication-server.ts'

const history = `1\t0/3000110\tno recovery target specified

3\t16/B374D848\tbefore 2026-01-01
`

it('finds where a timeline was left in the history of a later one', () => {
  expect(timelineEnd(history, 1)).toBe(0x300_0110n)
  expect(timelineEnd(history, 3)).toBe(0x16_b374_d848n)
  expect(timelineEnd(history, 2)).toBeUndefined()
  expect(timelineEnd('', 1)).toBeUndefined()
})
