import { OperationError } from './template-error.ts'

/**
 * A value, or the promise of it where a host's function has to be awaited. Code that never waits makes no promise, so that
 * one implementation serves synchronous and asynchronous rendering.
 */
export type Eventual<T> = T | Promise<T>

/** Not `then`: a module that exports that name is taken for a promise by whoever imports it. */
export function andThen<T, Result>(value: Eventual<T>, proceed: (value: T) => Eventual<Result>): Eventual<Result> {
  return value instanceof Promise ? value.then(proceed) : proceed(value)
}

/** Takes steps, one after the other, for as long as each says that there is another. */
export function repeat(step: () => Eventual<boolean>): Eventual<void> {
  for (;;) {
    const goesOn = step()
    if (goesOn instanceof Promise) return repeatLater(goesOn, step)
    if (!goesOn) return
  }
}

/** A loop, and no promise of a promise for each turn: there may be millions. */
async function repeatLater(first: Promise<boolean>, step: () => Eventual<boolean>): Promise<void> {
  let goesOn = await first
  while (goesOn) goesOn = await step()
}

interface Ending<T> {
  /** Gives the value, or throws, in the place of the error. */
  readonly failed: (error: unknown) => T
  /** Called in any case, and first. */
  readonly ended?: () => void
}

/** Does the work, and what belongs to its end. */
export function guard<T>(work: () => Eventual<T>, { failed, ended = () => {} }: Ending<T>): Eventual<T> {
  const fail = (error: unknown): T => {
    ended()
    return failed(error)
  }
  const succeed = (value: T): T => {
    ended()
    return value
  }
  let result: Eventual<T>
  try {
    result = work()
  } catch (error) {
    return fail(error)
  }
  return result instanceof Promise ? result.then(succeed, fail) : succeed(result)
}

/** The value of what must not wait. */
export function immediate<T>(value: Eventual<T>): T {
  return value instanceof Promise ? refuse(value) : value
}

/** Nobody will await the promise, and its rejection must not end the process. */
export function refuse(promise: Promise<unknown>): never {
  promise.catch(() => undefined)
  throw new OperationError('runtime', 'the value has to be awaited: render the template asynchronously')
}
