import { expect, test } from 'vitest'
import { EclusaError } from './error.ts'
import { formatError } from './format-error.ts'
import { redactor } from './redactor.ts'

test('shows message, remedy and code', () => {
  const error = new EclusaError('TIMEOUT', { message: 'The server did not answer.', remedy: 'Start it:\npg_ctl start' })
  expect(formatError(error)).toBe(
    ['The server did not answer.', '  Remedy: Start it:', '          pg_ctl start', '  Code:   TIMEOUT'].join('\n'),
  )
})

test('shows what is no EclusaError as a fault of the program', () => {
  expect(formatError(new TypeError('x is not a function'))).toMatch(
    /^Unexpected fault: x is not a function\n {2}Remedy: Report it .*\n {2}Code: {3}INTERNAL$/,
  )
  expect(formatError({ odd: 1n })).toContain('Unexpected fault: {"odd":"1"}')
  expect(formatError(undefined)).toContain('INTERNAL')
})

test('adds stack and causes only for debugging', () => {
  const root = new Error('connection refused')
  const cause = new AggregateError([root], 'all addresses failed', { cause: 'a text' })
  root.cause = cause
  const error = new EclusaError('TIMEOUT', { message: 'The server did not answer.', cause })
  expect(formatError(error)).not.toContain('refused')
  const lines = formatError(error, { debug: true }).split('\n')
  const heads = lines.filter((line) => /^ {2}(Stack|Cause)/.test(line))
  expect(heads).toEqual([
    '  Stack:  EclusaError: The server did not answer.',
    '  Cause:  AggregateError: all addresses failed',
    '  Cause:  a text',
    '  Cause:  Error: connection refused',
  ])
})

test('redacts all of it', () => {
  const error = new EclusaError('TIMEOUT', {
    message: 'tried s3cret',
    remedy: 'use s3cret',
    cause: new Error('s3cret\nin two lines'),
  })
  const text = formatError(error, { debug: true, redact: redactor(['s3cret', 's3cret\nin two lines']) })
  expect(text).not.toContain('s3cret')
  expect(text).not.toContain('in two lines')
})
