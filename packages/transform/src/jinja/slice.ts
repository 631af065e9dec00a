import { asHostObject, sliceOfItems } from './protocol.ts'
import { PyRange, PyTuple } from './python-collections.ts'
import { asInt } from './python-number.ts'
import { characters } from './python-object.ts'
import { typeName } from './python-text.ts'
import { typeError, valueError } from './template-error.ts'
import { Undefined } from './undefined-value.ts'

interface SliceBounds {
  readonly start: unknown
  readonly stop: unknown
  readonly step: unknown
}

/** `value[start:stop:step]` */
export function sliceOf(value: unknown, bounds: SliceBounds): unknown {
  if (value instanceof Undefined) return value.chain()
  if (typeof value === 'string') return pick(characters(value), bounds).join('')
  if (Array.isArray(value)) return pick(value, bounds)
  if (value instanceof PyTuple) return new PyTuple(pick(value.items, bounds))
  if (value instanceof PyRange) return sliceRange(value, bounds)
  const items = asHostObject(value)?.[sliceOfItems]?.()
  if (items) return new PyTuple(pick(items, bounds))
  if (typeName(value) === 'dict') throw typeError("unhashable type: 'slice'")
  throw typeError(`'${typeName(value)}' object is not subscriptable`)
}

function pick<T>(items: readonly T[], bounds: SliceBounds): T[] {
  const { start, stop, step } = resolveBounds(items.length, bounds)
  if (step === 1) return items.slice(start, Math.max(start, stop))
  const picked: T[] = []
  for (let index = start; step > 0 ? index < stop : index > stop; index += step) picked.push(items[index] as T)
  return picked
}

function sliceRange(range: PyRange, bounds: SliceBounds): PyRange {
  const { start, stop, step } = resolveBounds(range.length, bounds)
  return new PyRange(range.at(start), range.at(stop), range.step * step)
}

function resolveBounds(length: number, bounds: SliceBounds): { start: number; stop: number; step: number } {
  const step = boundOf(bounds.step) ?? 1
  if (step === 0) throw valueError('slice step cannot be zero')
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1]
  const resolve = (bound: number | undefined, fallback: number) => {
    if (bound === undefined) return fallback
    return Math.min(highest, Math.max(lowest, bound < 0 ? bound + length : bound))
  }
  const [first, last] = step > 0 ? [lowest, highest] : [highest, lowest]
  return { start: resolve(boundOf(bounds.start), first), stop: resolve(boundOf(bounds.stop), last), step }
}

function boundOf(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined
  const int = asInt(value)
  if (int === undefined) throw typeError('slice indices must be integers or None or have an __index__ method')
  return Number(int)
}
