import { expect, test } from 'vitest'
import { closestName } from './closest-name.ts'

test.each([
  ['prot', 'port'],
  ['hst', 'host'],
  ['passwordd', 'password'],
  ['batchRowsMax', 'batch_rows_max'],
  ['Schemas', 'schema'],
  ['batchRows', 'batch_rows_max'],
])('finds what %s was meant to be', (name, meant) => {
  expect(closestName(name, ['host', 'port', 'password', 'schema', 'batch_rows_max'])).toBe(meant)
})

test('suggests nothing when no candidate is near', () => {
  expect(closestName('warehouse', ['host', 'port'])).toBeUndefined()
  expect(closestName('a', ['xy'])).toBeUndefined()
})

test('prefers the nearest of several candidates', () => {
  expect(closestName('schemaa', ['scheme', 'schema'])).toBe('schema')
})
