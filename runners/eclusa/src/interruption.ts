/** What the person at the keyboard, or whoever stops processes, has asked for so far. */
export interface Interruption {
  /** Aborted by the first signal: finish what is under way and end. */
  readonly stopSignal: AbortSignal
  /** Aborted by the second signal: end at once, and leave things in order. */
  readonly abortSignal: AbortSignal
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * The one place of the process that handles signals. A third signal ends the process on the spot: whatever is
 * uncommitted is discarded by the destination when it is next opened, and the embedded server notices by itself.
 */
export function watchSignals(onThird: () => void): Interruption {
  const stop = new AbortController()
  const abort = new AbortController()
  const advance = () => {
    if (!stop.signal.aborted) stop.abort()
    else if (!abort.signal.aborted) abort.abort()
    else onThird()
  }
  for (const signal of stopSignals) process.on(signal, advance)
  return { stopSignal: stop.signal, abortSignal: abort.signal }
}
