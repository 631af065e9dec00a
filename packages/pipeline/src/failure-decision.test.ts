import { EclusaError } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { decideAfterFailure } from './failure-decision.ts'

const timeout = (stream?: string) =>
  new EclusaError('TIMEOUT', { message: 'Late.', details: stream === undefined ? {} : { stream } })
const invalid = (stream?: string) =>
  new EclusaError('CONFIG_INVALID', { message: 'Wrong.', details: stream === undefined ? {} : { stream } })
const decide = (error: unknown, failures = 1) =>
  decideAfterFailure({ error, failures, failuresMax: 3, delayMsBase: 100, random: 0.5 })

describe('decideAfterFailure', () => {
  it.each([
    ['a transient fault is tried again', timeout(), 1, { action: 'retry', delayMs: 50 }],
    ['the delay doubles with each failure', timeout(), 2, { action: 'retry', delayMs: 100 }],
    ['a transient fault ends the run after the last failure allowed', timeout(), 3, { action: 'end' }],
    ['a transient fault of one stream is tried again first', timeout('a.b'), 1, { action: 'retry', delayMs: 50 }],
    ['a stream that goes on failing is left out', timeout('a.b'), 3, { action: 'leave_out', stream: 'a.b' }],
    ['a stream that cannot be read is left out at once', invalid('a.b'), 1, { action: 'leave_out', stream: 'a.b' }],
    ['a fault of the configuration ends the run', invalid(), 1, { action: 'end' }],
    ['a cancelled run ends', new EclusaError('CANCELLED', { message: 'Stop.' }), 1, { action: 'end' }],
    ['a fault of the program ends the run', new Error('undefined is not a function'), 1, { action: 'end' }],
  ])('%s', (_, error, failures, decision) => {
    expect(decide(error, failures)).toEqual(decision)
  })
})
