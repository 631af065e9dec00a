import { dictMethods } from './dict-methods.ts'
import type { UndefinedFactory } from './frame.ts'
import { listMethods, tupleMethods } from './list-methods.ts'
import { asMapping } from './mapping.ts'
import { memberOf, valueAt } from './members.ts'
import { floatMethods, intMethods } from './number-methods.ts'
import { PySet, PyTuple } from './python-collections.ts'
import { isFloat, isInt } from './python-number.ts'
import { reprOfValue, typeName } from './python-text.ts'
import { setMethods } from './set-methods.ts'
import { BoundMethod, type NativeFunction } from './signature.ts'
import { stringMethods } from './string-methods.ts'
import { Undefined } from './undefined-value.ts'

/** `value.name`: an attribute, or else the item of that name. */
export function getAttribute(value: unknown, name: string, run: UndefinedFactory): unknown {
  if (value instanceof Undefined) return value.chain()
  const attribute = attributeValue(value, name)
  if (attribute !== undefined) return attribute
  const item = valueAt(value, name)
  return item === undefined ? run.undefined({ owner: describeOwner(value), name }) : item
}

/** `value[key]`: an item, or else the attribute of that name. */
export function getItem(value: unknown, key: unknown, run: UndefinedFactory): unknown {
  if (value instanceof Undefined) return value.chain()
  const item = valueAt(value, key)
  if (item !== undefined) return item
  const owner = describeOwner(value)
  if (typeof key !== 'string') return run.undefined({ owner, name: reprOfValue(key), isElement: true })
  const attribute = attributeValue(value, key)
  return attribute === undefined ? run.undefined({ owner, name: key }) : attribute
}

/** The attribute alone, for the filter `attr`. */
export function getAttributeOnly(value: unknown, name: string, run: UndefinedFactory): unknown {
  if (value instanceof Undefined) return value.chain()
  const attribute = attributeValue(value, name)
  return attribute === undefined ? run.undefined({ owner: describeOwner(value), name }) : attribute
}

function attributeValue(value: unknown, name: string): unknown {
  const method = methodsOf(value)?.get(name)
  return method ? new BoundMethod(method, value) : memberOf(value, name)
}

function methodsOf(value: unknown): ReadonlyMap<string, NativeFunction> | undefined {
  if (typeof value === 'string') return stringMethods
  if (Array.isArray(value)) return listMethods
  if (value instanceof PyTuple) return tupleMethods
  if (value instanceof PySet) return setMethods
  if (isInt(value)) return intMethods
  if (isFloat(value)) return floatMethods
  return asMapping(value) ? dictMethods : undefined
}

/** The object in the messages of undefined values. */
function describeOwner(value: unknown): string {
  return value === null || value === undefined ? 'None' : `${typeName(value)} object`
}
