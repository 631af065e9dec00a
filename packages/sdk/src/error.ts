import type { DeclaredErrorCode } from './define-error-codes.ts'
import { errorCatalogue } from './error-code.ts'
import type { ErrorCode } from './error-code.ts'
import type { FailureType } from './error-code/error-entry.ts'

/** Shared across copies and versions of this package, so that `isInstance` works where `instanceof` cannot. */
const marker = Symbol.for('eclusa.error')

/** What an error tells beside its code. */
export interface EclusaErrorOptions {
  /** What happened, to which object: one sentence, no secrets, no row values. */
  message: string
  /** What to do about it, with the exact SQL or command. Default: the remedy of the kind. */
  remedy?: string
  /** Typed facts for programs: names, counts, positions. Never secrets or row values. */
  details?: Readonly<Record<string, unknown>>
  cause?: unknown
}

/** A code of eclusa's catalogue, or one that a connector declared. */
export type AnyErrorCode = ErrorCode | DeclaredErrorCode

/** What an error is made of beside a code of the catalogue: what a connector declared, or another error like it. */
export interface ErrorKind {
  readonly code: AnyErrorCode
  readonly failureType: FailureType
  readonly remedy: string
}

/**
 * Every failure that a user can meet. Programs decide by `code` and `failureType`, never by the message.
 *
 * @see error-code.ts, the catalogue: cause and remedy of each code; `defineErrorCodes` for those of other connectors.
 */
export class EclusaError extends Error {
  readonly [marker] = true
  readonly code: AnyErrorCode
  readonly failureType: FailureType
  readonly remedy: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(kind: ErrorCode | ErrorKind, options: EclusaErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    const { code, failureType, remedy } = typeof kind === 'string' ? { code: kind, ...errorCatalogue[kind] } : kind
    this.name = 'EclusaError'
    this.code = code
    this.failureType = failureType
    this.remedy = options.remedy ?? remedy
    this.details = options.details ?? {}
  }

  static isInstance(error: unknown): error is EclusaError {
    return typeof error === 'object' && error !== null && marker in error
  }
}

/** True when the error has this code, whichever copy of the package made it. */
export function hasErrorCode(error: unknown, kind: ErrorCode | ErrorKind): error is EclusaError {
  return EclusaError.isInstance(error) && error.code === (typeof kind === 'string' ? kind : kind.code)
}
