import { expect, test } from 'vitest'
import { checkpointState } from './checkpoint.ts'

test('the last checkpoint of a stream has its state', () => {
  const checkpoints = [
    { stream: { name: 'a' }, state: { page: 1 } },
    { stream: { namespace: 'crm', name: 'a' }, state: { page: 7 } },
    { stream: { name: 'a' }, state: { page: 2 } },
  ]
  expect(checkpointState(checkpoints, { name: 'a' })).toEqual({ page: 2 })
  expect(checkpointState(checkpoints, { namespace: 'crm', name: 'a' })).toEqual({ page: 7 })
  expect(checkpointState(checkpoints, { name: 'b' })).toBeUndefined()
})
