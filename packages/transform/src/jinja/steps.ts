import type { Eventual } from './eventual.ts'
import type { Code, Frame } from './frame.ts'

/** Evaluates an expression and goes on with its value. */
export function withValue<T, Result>(
  code: Code<T>,
  proceed: (value: T, frame: Frame) => Eventual<Result>,
): Code<Result> {
  return (frame) => {
    const value = code(frame)
    return value instanceof Promise ? value.then((settled) => proceed(settled, frame)) : proceed(value, frame)
  }
}

/** Evaluates two expressions, one after the other, and goes on with their values. */
export function withValues<First, Second, Result>(
  first: Code<First>,
  second: Code<Second>,
  proceed: (first: First, second: Second, frame: Frame) => Eventual<Result>,
): Code<Result> {
  const afterFirst = (value: First, frame: Frame) => {
    const other = second(frame)
    return other instanceof Promise
      ? other.then((settled) => proceed(value, settled, frame))
      : proceed(value, other, frame)
  }
  return withValue(first, afterFirst)
}
