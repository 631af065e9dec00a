import { EclusaError } from '@eclusa/sdk'

/** An interrupt that comes before the statement has begun is lost, so it is repeated until the statement ends. */
const interruptRepeatMs = 50

/**
 * Runs a statement that the signals can interrupt.
 *
 * @throws CANCELLED when a signal was aborted, whatever the statement then threw.
 */
export async function interruptible<Result>(
  signals: readonly (AbortSignal | undefined)[],
  interrupt: () => void,
  run: () => Promise<Result>,
): Promise<Result> {
  // Listening to each costs a fraction of what a signal made of them does, and small statements are many.
  const present = signals.filter((one) => one !== undefined)
  const aborted = () => present.find((signal) => signal.aborted)
  const before = aborted()
  if (before !== undefined) throw cancelledError(before)
  let repeat: NodeJS.Timeout | undefined
  const start = () => {
    if (repeat !== undefined) return
    interrupt()
    repeat = setInterval(interrupt, interruptRepeatMs)
  }
  for (const signal of present) signal.addEventListener('abort', start)
  try {
    return await run()
  } catch (cause) {
    const after = aborted()
    throw after === undefined ? cause : cancelledError(after, cause)
  } finally {
    for (const signal of present) signal.removeEventListener('abort', start)
    clearInterval(repeat)
  }
}

/** What a statement throws that `signal` ended. */
export function cancelledError(signal: AbortSignal, cause: unknown = signal.reason): EclusaError {
  return new EclusaError('CANCELLED', { message: 'The statement was cancelled.', cause })
}
