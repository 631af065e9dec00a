import { EclusaError } from '@eclusa/sdk'
import type { StreamSchema } from '@eclusa/sdk'
import { malformed } from './value-codec.ts'

/** Runs what decodes values of one column; what it throws then names the column. */
export function inColumn<T>(schema: StreamSchema, index: number, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw valueFault(schema, index, error)
  }
}

/** The error of a value that cannot be decoded, with its column; never with the value. */
export function valueFault(schema: StreamSchema, index: number, error: unknown): EclusaError {
  const column = schema.columns[index]
  const known = EclusaError.isInstance(error) ? error : unexpected(error)
  if (!column || 'column' in known.details) return known
  const type = column.sourceType ?? column.type.type
  return new EclusaError(known, {
    message: `${known.message} Column "${column.name}", type ${type}.`,
    details: { ...known.details, column: column.name, sourceType: type },
    cause: known.cause,
  })
}

/** Reading beyond the bytes, and texts beyond what a string of JavaScript holds (about 512 MiB). */
function unexpected(error: unknown): EclusaError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_STRING_TOO_LONG' || code === 'ERR_BUFFER_TOO_LARGE') {
    return new EclusaError('POSTGRES_VALUE_TOO_LARGE', {
      message: 'A value is longer than a text can be here (about 512 MiB).',
      cause: error,
    })
  }
  if (error instanceof RangeError) {
    const { message, remedy } = malformed('it ends before its contents do')
    return new EclusaError('POSTGRES_VALUE_MALFORMED', { message, remedy, cause: error })
  }
  return new EclusaError('INTERNAL', { message: 'Decoding a value failed.', cause: error })
}
