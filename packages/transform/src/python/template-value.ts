import { PyDict } from '../jinja/python-collections.ts'
import { makeFloat, makeInt } from '../jinja/python-number.ts'

/** What a parser read, as templates see it: bigints are ints, numbers floats, maps dicts. The reverse of `plainValue`. */
export function templateValue(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') return makeInt(value)
  if (typeof value === 'number') return makeFloat(value)
  if (Array.isArray(value)) return value.map(templateValue)
  if (value instanceof Map) {
    return new PyDict([...value].map(([key, item]) => [templateValue(key), templateValue(item)]))
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return new PyDict(Object.entries(value).map(([key, item]) => [key, templateValue(item)]))
}
