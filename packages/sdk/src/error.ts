import { errorCatalogue } from './error-code.ts'
import type { ErrorCode, FailureType } from './error-code.ts'

/** Shared across copies and versions of this package, so that `isInstance` works where `instanceof` cannot. */
const marker = Symbol.for('eclusa.error')

/** What an error tells beside its code. */
export interface EclusaErrorOptions {
  /** What happened, to which object: one sentence, no secrets, no row values. */
  message: string
  /** What to do about it, with the exact SQL or command. Default: the catalogue's remedy. */
  remedy?: string
  /** Typed facts for programs: names, counts, positions. Never secrets or row values. */
  details?: Readonly<Record<string, unknown>>
  cause?: unknown
}

/**
 * Every failure that a user can meet. Programs decide by `code` and `failureType`, never by the message.
 *
 * @see error-code.ts, the catalogue: cause and remedy of each code.
 */
export class EclusaError extends Error {
  readonly [marker] = true
  readonly code: ErrorCode
  readonly failureType: FailureType
  readonly remedy: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, options: EclusaErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EclusaError'
    this.code = code
    this.failureType = errorCatalogue[code].failureType
    this.remedy = options.remedy ?? errorCatalogue[code].remedy
    this.details = options.details ?? {}
  }

  static isInstance(error: unknown): error is EclusaError {
    return typeof error === 'object' && error !== null && marker in error
  }
}

/** True when the error has this code, whichever copy of the package made it. */
export function hasErrorCode(error: unknown, code: ErrorCode): error is EclusaError {
  return EclusaError.isInstance(error) && error.code === code
}
