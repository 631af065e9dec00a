import { EclusaError } from '@eclusa/sdk'
import type { ErrorData } from './message.ts'

/** An error as plain data; one that is not catalogued becomes DESTINATION_FAILED. */
export function errorData(error: unknown): ErrorData {
  if (EclusaError.isInstance(error)) {
    const { code, message, remedy, stack } = error
    // Details are plain by contract; what is not would stop the message that carries them.
    const details = JSON.parse(JSON.stringify(error.details)) as ErrorData['details']
    return { code, message, remedy, details, stack }
  }
  const message = error instanceof Error ? error.message : String(error)
  return errorData(
    new EclusaError('DESTINATION_FAILED', { message: `Writing to DuckDB failed: ${message}`, cause: error }),
  )
}

/** The error again, with the stack of the thread that threw it as its cause. */
export function errorFromData({ code, message, remedy, details, stack }: ErrorData): EclusaError {
  const cause = new Error(message)
  if (stack !== undefined) cause.stack = stack
  return new EclusaError(code, { message, remedy, details, cause })
}
