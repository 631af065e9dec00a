import { EclusaError } from '@eclusa/sdk'

/** What a run does about a failure: `retry` the same streams, go on without one stream, or end. */
export type FailureDecision =
  | { readonly action: 'retry'; readonly delayMs: number }
  | { readonly action: 'leave_out'; readonly stream: string }
  | { readonly action: 'end' }

export interface FailureFacts {
  readonly error: unknown
  /** Failed attempts in a row without a commit in between, this one included: 1 at the first. */
  readonly failures: number
  readonly failuresMax: number
  readonly delayMsBase: number
  /** Between 0 and 1: full jitter, so that many pipelines do not come back at once. */
  readonly random: number
}

/**
 * One table that cannot be read must not hold up the others: an error that names its stream (`details.stream`) leaves
 * that stream out, unless trying again may help. A fault of the whole connection is tried again only if it is transient.
 */
export function decideAfterFailure({
  error,
  failures,
  failuresMax,
  delayMsBase,
  random,
}: FailureFacts): FailureDecision {
  if (!EclusaError.isInstance(error) || error.code === 'CANCELLED') return { action: 'end' }
  if (error.failureType === 'transient_error' && failures < failuresMax) {
    return { action: 'retry', delayMs: Math.round(random * delayMsBase * 2 ** (failures - 1)) }
  }
  const stream = error.details['stream']
  return typeof stream === 'string' ? { action: 'leave_out', stream } : { action: 'end' }
}
