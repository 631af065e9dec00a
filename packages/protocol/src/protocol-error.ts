/** Shared across copies and versions of this package, so that `isInstance` works where `instanceof` cannot. */
const marker = Symbol.for('eclusa.protocol-error')

/** Every failure of the codec. The names are stable: programs match on them. */
const catalogue = {
  PROTOCOL_LINE_MALFORMED: {
    failureType: 'system_error',
    remedy: 'Report it to the author of the connector that wrote the line.',
  },
  PROTOCOL_LINE_TOO_LONG: {
    failureType: 'config_error',
    remedy: 'Raise lineBytesMax, or leave the column with the long values out of the stream.',
  },
  PROTOCOL_NUMBER_UNREPRESENTABLE: {
    failureType: 'system_error',
    remedy: 'Write null and say so in the record meta, or write the number as text.',
  },
  PROTOCOL_OUTPUT_FAILED: {
    failureType: 'transient_error',
    remedy: 'See why the reader of the messages ended before the writer did.',
  },
} as const

export type ProtocolErrorCode = keyof typeof catalogue

export interface ProtocolErrorOptions {
  /** What happened, to which line or stream: no secrets, no row values. */
  readonly message: string
  /** Typed facts for programs, such as `lineNumber`. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * A failure of the codec. It has the members of the SDK's error (`code`, `failureType`, `remedy`, `details`), which
 * this package cannot import since the SDK stands on it.
 */
export class ProtocolError extends Error {
  readonly [marker] = true
  readonly code: ProtocolErrorCode
  /** The protocol's kind of failure, ready for an error trace. */
  readonly failureType: 'config_error' | 'transient_error' | 'system_error'
  readonly remedy: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ProtocolErrorCode, options: ProtocolErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ProtocolError'
    this.code = code
    this.failureType = catalogue[code].failureType
    this.remedy = catalogue[code].remedy
    this.details = options.details ?? {}
  }

  static isInstance(error: unknown): error is ProtocolError {
    return typeof error === 'object' && error !== null && marker in error
  }
}
