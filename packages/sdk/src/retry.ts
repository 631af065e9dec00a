import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { EclusaError } from './error.ts'

/** When to try again, how often, and how long to wait. */
export interface RetryOptions {
  /** Ends the waiting between attempts. The attempts themselves must observe it too. */
  readonly signal: AbortSignal
  /** Attempts in all, the first one included. Default: 5. */
  readonly attemptsMax?: number
  /** Upper limit of the first delay, in milliseconds; each further limit is twice as high. Default: 250. */
  readonly delayMinMs?: number
  /** No delay is longer, in milliseconds. Default: 30,000. */
  readonly delayMaxMs?: number
  /** Which failures are worth another attempt. Default: `isTransient`. */
  readonly shouldRetry?: (error: unknown) => boolean
  /** Told before each delay: the attempt that failed (from 1), its error, and how long the delay will be. */
  readonly onRetry?: (failed: { readonly attempt: number; readonly error: unknown; readonly delayMs: number }) => void
  /** Default: the system's clock. */
  readonly clock?: Clock
  /** A number from 0 up to, but not including, 1. Default: Math.random. */
  readonly random?: () => number
}

/** True for failures that may pass by themselves; a cancelled run is transient, but nobody wants it repeated. */
export function isTransient(error: unknown): boolean {
  return EclusaError.isInstance(error) && error.failureType === 'transient_error' && error.code !== 'CANCELLED'
}

/**
 * Runs something until it succeeds, fails for good, or has been tried often enough.
 *
 * The delays are random between nothing and a limit that doubles each time ("full jitter"), so that many clients that
 * failed together do not come back together.
 *
 * @throws the error of the last attempt, unchanged; the signal's reason, when aborted between attempts.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @example
 * const connection = await retry(() => connect(url), { signal, onRetry: ({ error }) => log.warn('again', { error }) })
 */
export async function retry<Result>(run: (attempt: number) => Promise<Result>, options: RetryOptions): Promise<Result> {
  const { signal, attemptsMax = 5, shouldRetry = isTransient, onRetry, clock = systemClock } = options
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return await run(attempt)
    } catch (error) {
      if (attempt >= attemptsMax || signal.aborted || !shouldRetry(error)) throw error
      const delayMs = retryDelayMs(attempt, options)
      onRetry?.({ attempt, error, delayMs })
      await clock.sleep(delayMs, signal)
    }
  }
}

function retryDelayMs(attempt: number, options: RetryOptions): number {
  const { delayMinMs = 250, delayMaxMs = 30_000, random = Math.random } = options
  return random() * Math.min(delayMaxMs, delayMinMs * 2 ** (attempt - 1))
}
