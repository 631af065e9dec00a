import { EclusaError } from '@eclusa/sdk'
import { describe, expect, test } from 'vitest'
import { exitCodes, outcomeOfError, outcomeOfRun } from './exit-code.ts'

const configFault = new EclusaError('CONFIG_INVALID', { message: 'wrong' })
const transient = new EclusaError('TIMEOUT', { message: 'late' })
const cancelled = new EclusaError('CANCELLED', { message: 'told to stop' })

describe('the exit code', () => {
  test.each([
    ['a fault of the configuration', configFault, 2],
    ['a transient failure', transient, 1],
    ['a fault of the program', new TypeError('x is not a function'), 1],
    ['a cancellation', cancelled, 130],
  ] as const)('of %s', (_name, error, code) => {
    expect(exitCodes[outcomeOfError(error)].code).toBe(code)
  })

  test.each([
    ['succeeded', undefined, 0],
    ['partial', transient, 4],
    ['cancelled', undefined, 130],
    ['failed', configFault, 2],
    ['failed', transient, 1],
    // Nothing broke, so it was a step that found something wrong.
    ['failed', undefined, 3],
  ] as const)('of a run that %s with %s', (status, error, code) => {
    const result = { status, streamFailures: [], ...(error === undefined ? {} : { error }) }
    expect(exitCodes[outcomeOfRun(result)].code).toBe(code)
  })

  test('of a run all of whose streams failed', () => {
    const streamFailures = [configFault, transient].map((error) => ({ stream: 'orders', error }))
    expect(exitCodes[outcomeOfRun({ status: 'failed', error: configFault, streamFailures })].code).toBe(1)
  })
})
