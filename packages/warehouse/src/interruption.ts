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
  const signal = AbortSignal.any(signals.filter((one) => one !== undefined))
  if (signal.aborted) throw cancelled(signal)
  let repeat: NodeJS.Timeout | undefined
  const start = () => {
    interrupt()
    repeat = setInterval(interrupt, interruptRepeatMs)
  }
  signal.addEventListener('abort', start, { once: true })
  try {
    return await run()
  } catch (cause) {
    throw signal.aborted ? cancelled(signal, cause) : cause
  } finally {
    signal.removeEventListener('abort', start)
    clearInterval(repeat)
  }
}

function cancelled(signal: AbortSignal, cause: unknown = signal.reason): EclusaError {
  return new EclusaError('CANCELLED', { message: 'The statement was cancelled.', cause })
}
