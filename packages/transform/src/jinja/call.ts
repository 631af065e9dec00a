import { type Eventual, refuse } from './eventual.ts'
import type { Activation, Frame } from './frame.ts'
import { type KeywordArguments, asHostObject, callObject, runObject } from './protocol.ts'
import { typeName } from './python-text.ts'
import { typeError } from './template-error.ts'

/**
 * Calls a value as a template does. A function of the host gets the positional values; keywords need an object with
 * `callObject`, such as a NativeFunction. A promise is awaited, and a result of undefined is none.
 */
export function callValue(
  callee: unknown,
  args: readonly unknown[],
  kwargs: KeywordArguments,
  frame: Frame,
): Eventual<unknown> {
  const { activation } = frame
  activation.budget.step()
  const host = asHostObject(callee)
  if (host?.[runObject]) return host[runObject](args, kwargs, frame)
  return awaited(callDirectly(callee, args, kwargs), activation)
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

/** What a function of the host has given, as a value of the template. */
export function awaited(result: unknown, activation: Activation): Eventual<unknown> {
  if (result instanceof Promise) return activation.mayWait ? settled(result, activation) : refuse(result)
  return result === undefined ? null : result
}

async function settled(result: Promise<unknown>, { budget }: Activation): Promise<unknown> {
  const value = await result
  budget.signal?.throwIfAborted()
  return value === undefined ? null : value
}
