import type { Evaluation } from './protocol.ts'
import { OperationError } from './template-error.ts'

/**
 * Runs an evaluation to its end. It is synchronous as long as nothing has to be awaited, so that templates which never
 * wait cost no promise even in asynchronous rendering.
 */
export function drive<T>(evaluation: Evaluation<T>, signal: AbortSignal | undefined): T | Promise<T> {
  const step = evaluation.next()
  return step.done ? step.value : finish(evaluation, step.value, signal)
}

/** Runs an evaluation that must not wait: a promise becomes an error at the place that needed it. */
export function driveSync<T>(evaluation: Evaluation<T>): T {
  let step = evaluation.next()
  while (!step.done) {
    // Nobody will await the promise, and its rejection must not end the process.
    step.value.catch(() => undefined)
    step = evaluation.throw(
      new OperationError('runtime', 'the value has to be awaited: render the template asynchronously'),
    )
  }
  return step.value
}

async function finish<T>(
  evaluation: Evaluation<T>,
  first: Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<T> {
  let pending = first
  for (;;) {
    const step = await resume(evaluation, pending, signal)
    if (step.done) return step.value
    pending = step.value
  }
}

async function resume<T>(
  evaluation: Evaluation<T>,
  pending: Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<Promise<unknown>, T>> {
  let value: unknown
  try {
    value = await pending
    signal?.throwIfAborted()
  } catch (error) {
    return evaluation.throw(error)
  }
  return evaluation.next(value)
}
