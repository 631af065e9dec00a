import { expect, test } from 'vitest'
import { diskFinding, nodeFinding } from './doctor.ts'

test.each([
  ['22.18.0', 'passed'],
  ['24.1.0', 'passed'],
  ['22.17.1', 'failed'],
  ['20.20.2', 'failed'],
])('Node.js %s has %s', (version, status) => {
  expect(nodeFinding(version).status).toBe(status)
})

test.each([
  [5e9, 'passed'],
  [1e9, 'warning'],
  [1e8, 'failed'],
])('a disk with %d bytes free has %s', (bytesFree, status) => {
  expect(diskFinding('disk', '/', bytesFree).status).toBe(status)
})
