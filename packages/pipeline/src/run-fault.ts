import { EclusaError, arrivesAsChanges } from '@eclusa/sdk'
import type { ConfiguredStream, RunFailure } from '@eclusa/sdk'

/** @throws CONFIG_INVALID */
export function assertFollowable(pipeline: string, streams: readonly ConfiguredStream[]): void {
  if (streams.some(arrivesAsChanges)) return
  throw new EclusaError('CONFIG_INVALID', {
    message: `There is nothing to follow: no stream of pipeline "${pipeline}" is replicated.`,
    remedy:
      'Let the source replicate (`replication_method: { method: CDC }`) and a stream be read incrementally without a cursor; or run without `--follow`, now and then.',
  })
}

/** Of a stream that was named, and that the source does not show. */
export function missingStream(stream: string, fault: string): EclusaError {
  return new EclusaError('STREAM_SELECTION_INVALID', {
    message: `${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`,
    remedy:
      'Correct the name, take it out, or give the role the right to read it: `eclusa check` and `eclusa discover`.',
    details: { stream },
  })
}

/** True of an error after which all other streams can go on. */
export function concernsOneStream(error: unknown): boolean {
  return EclusaError.isInstance(error) && error.details['stream'] !== undefined
}

/** What ended a run, whatever was thrown. */
export function asEclusaError(error: unknown, signal: AbortSignal): EclusaError {
  if (signal.aborted) return new EclusaError('CANCELLED', { message: 'The run was cancelled.', cause: error })
  if (EclusaError.isInstance(error)) return error
  return new EclusaError('INTERNAL', { message: error instanceof Error ? error.message : String(error), cause: error })
}

/** An error as events tell it. */
export function runFailureOf({ code, failureType, message, remedy }: EclusaError): RunFailure {
  return { code, failureType, message, remedy }
}
