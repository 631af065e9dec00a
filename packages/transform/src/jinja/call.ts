import type { Frame } from './frame.ts'
import { type Evaluation, type KeywordArguments, asHostObject, callObject, runObject } from './protocol.ts'
import { typeName } from './python-text.ts'
import { typeError } from './template-error.ts'

/**
 * Calls a value as a template does. A function of the host gets the positional values; keywords need an object with
 * `callObject`, such as a NativeFunction. A promise is awaited, and a result of undefined is none.
 */
export function* callValue(
  callee: unknown,
  args: readonly unknown[],
  kwargs: KeywordArguments,
  frame: Frame,
): Evaluation {
  frame.activation.budget.step()
  const host = asHostObject(callee)
  if (host?.[runObject]) return yield* host[runObject](args, kwargs, frame)
  return yield* awaited(callDirectly(callee, args, kwargs))
}

export function callDirectly(callee: unknown, args: readonly unknown[], kwargs: KeywordArguments): unknown {
  const host = asHostObject(callee)
  if (host?.[callObject]) return host[callObject](args, kwargs)
  if (typeof callee !== 'function') throw typeError(`'${typeName(callee)}' object is not callable`)
  const [keyword] = Object.keys(kwargs)
  if (keyword !== undefined) throw typeError(`${callee.name}() takes no keyword arguments, got '${keyword}'`)
  return (callee as (...values: readonly unknown[]) => unknown)(...args)
}

export function isCallable(value: unknown): boolean {
  const host = asHostObject(value)
  return typeof value === 'function' || Boolean(host?.[callObject] ?? host?.[runObject])
}

export function* awaited(result: unknown): Evaluation {
  const value = result instanceof Promise ? yield result : result
  return value === undefined ? null : value
}
