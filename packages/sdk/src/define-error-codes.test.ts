import { AssertionError } from 'node:assert'
import { expect, expectTypeOf, test } from 'vitest'
import { defineErrorCodes } from './define-error-codes.ts'
import { EclusaError, hasErrorCode } from './error.ts'
import { formatError } from './format-error.ts'

const expired = { failureType: 'config_error', cause: 'The token is too old.', remedy: 'Make a new token.' } as const
const errors = defineErrorCodes('NOTES', {
  TOKEN_EXPIRED: expired,
  BUSY: { ...expired, failureType: 'transient_error' },
})

test('an error with a declared code has its kind, its remedy and its full name', () => {
  const error = new EclusaError(errors.TOKEN_EXPIRED, { message: 'The token of example.com has expired.' })
  expect(error).toMatchObject({ code: 'NOTES_TOKEN_EXPIRED', failureType: 'config_error', remedy: 'Make a new token.' })
  expect(new EclusaError(errors.BUSY, { message: 'Busy.', remedy: 'Wait.' })).toMatchObject({
    failureType: 'transient_error',
    remedy: 'Wait.',
  })
  expect(formatError(error)).toMatch(/Remedy: Make a new token\.\n.*NOTES_TOKEN_EXPIRED/u)
})

test('is told from others by what was declared', () => {
  const error: unknown = new EclusaError(errors.BUSY, { message: 'Busy.' })
  expect(hasErrorCode(error, errors.BUSY)).toBe(true)
  expect(hasErrorCode(error, errors.TOKEN_EXPIRED)).toBe(false)
  expect(hasErrorCode(error, 'CANCELLED')).toBe(false)
})

test('codes that nobody declared do not compile', () => {
  expectTypeOf<keyof typeof errors>().toEqualTypeOf<'TOKEN_EXPIRED' | 'BUSY'>()
  type Code = ConstructorParameters<typeof EclusaError>[0]
  expectTypeOf<'NOTES_TOKEN_EXPIRED'>().not.toExtend<Code>()
  expectTypeOf<'CANCELLED'>().toExtend<Code>()
})

test.each([
  ['notes', 'BUSY'],
  ['NOTES', 'busy'],
  ['NOTES', ''],
  ['', 'BUSY'],
  ['DUCKDB', 'LOCKED'],
])('refuses "%s" with "%s"', (prefix, name) => {
  expect(() => defineErrorCodes(prefix, { [name]: expired })).toThrow(AssertionError)
})
