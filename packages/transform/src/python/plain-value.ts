import { asMapping } from '../jinja/mapping.ts'
import { PySet, PyTuple } from '../jinja/python-collections.ts'
import { PyFloat } from '../jinja/python-number.ts'
import { textOf } from '../jinja/python-text.ts'

/** A template's value as settings keep it: dicts become objects, tuples and sets arrays. */
export function plainValue(value: unknown): unknown {
  if (value instanceof PyFloat) return value.value
  if (value instanceof PyTuple) return value.items.map(plainValue)
  if (value instanceof PySet) return [...value].map(plainValue)
  if (Array.isArray(value)) return value.map(plainValue)
  const mapping = asMapping(value)
  return mapping === undefined
    ? value
    : Object.fromEntries([...mapping.entries()].map(([key, item]) => [textOf(key), plainValue(item)]))
}
