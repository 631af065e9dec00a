import assert from 'node:assert'
import { errorCatalogue } from './error-code.ts'
import type { ErrorEntry } from './error-code/error-entry.ts'

declare const declared: unique symbol
/** The text of a code that a connector of others declared; only `defineErrorCodes` makes them. */
export type DeclaredErrorCode = string & { readonly [declared]: true }

/** A code that a connector declared, with what its catalogue says of it. */
export interface DeclaredError extends ErrorEntry {
  readonly code: DeclaredErrorCode
}

/**
 * Declares the error codes of a connector: its own catalogue, beside the one of eclusa. Codes are the prefix, an
 * underscore and the name, as `NOTES_TOKEN_EXPIRED`; like all codes they are stable, since programs match on them.
 *
 * @param prefix the connector's name in upper case.
 * @returns by name, what `EclusaError` takes in place of a code.
 * @throws AssertionError when prefix or name is not in upper case, or the code is one of eclusa's own.
 *
 * @example
 * const errors = defineErrorCodes('NOTES', {
 *   TOKEN_EXPIRED: { failureType: 'config_error', cause: 'The token is too old.', remedy: 'Make a new token.' },
 * })
 * throw new EclusaError(errors.TOKEN_EXPIRED, { message: 'The token of example.com has expired.' })
 */
export function defineErrorCodes<Name extends string>(
  prefix: string,
  entries: Readonly<Record<Name, ErrorEntry>>,
): Readonly<Record<Name, DeclaredError>> {
  const declare = ([name, entry]: [string, ErrorEntry]) => [name, { ...entry, code: codeOf(prefix, name) }] as const
  return Object.fromEntries(Object.entries<ErrorEntry>(entries).map(declare)) as Record<Name, DeclaredError>
}

function codeOf(prefix: string, name: string): DeclaredErrorCode {
  const code = `${prefix}_${name}`
  assert(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/u.test(code), `the error code "${code}" is not of the form NOTES_TOKEN_EXPIRED`)
  assert(!(code in errorCatalogue), `the error code "${code}" is one of eclusa's own`)
  return code as DeclaredErrorCode
}
