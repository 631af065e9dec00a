import { asMapping } from './mapping.ts'
import { asHostObject, attributeOf, itemOf } from './protocol.ts'
import { PyRange, PyTuple } from './python-collections.ts'
import { asInt } from './python-number.ts'
import { characters } from './python-object.ts'
import { OperationError } from './template-error.ts'

/** Attributes that are no methods of Python's own types: of host objects and named tuples. Undefined if there is none. */
export function memberOf(value: unknown, name: string): unknown {
  if (value instanceof PyTuple) return namedItem(value, name)
  const host = asHostObject(value)
  if (!host || Array.isArray(host) || asMapping(host)) return undefined
  const attribute = host[attributeOf]?.(name)
  return attribute === undefined ? hostProperty(host, name) : attribute
}

function namedItem(tuple: PyTuple, name: string): unknown {
  const index = tuple.fieldNames.indexOf(name)
  return index < 0 ? undefined : tuple.items[index]
}

/**
 * A property of a host's object. What every object or function has is hidden, and so is a name with a leading underscore.
 * A method is bound to its object; a function that is the object's own value is not, because it may have properties.
 */
function hostProperty(object: object, name: string): unknown {
  if (name.startsWith('_') || name === 'constructor') return undefined
  if (Object.hasOwn(object, name)) {
    return typeof object === 'function' && isFunctionProperty(name) ? undefined : Reflect.get(object, name)
  }
  for (let prototype = parentOf(object); prototype && !isBase(prototype); prototype = parentOf(prototype)) {
    if (!Object.hasOwn(prototype, name)) continue
    const value: unknown = Reflect.get(object, name)
    return typeof value === 'function' ? (value.bind(object) as unknown) : value
  }
  return undefined
}

function parentOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null
}

function isBase(prototype: object): boolean {
  return prototype === Object.prototype || prototype === Function.prototype
}

function isFunctionProperty(name: string): boolean {
  return name === 'prototype' || name === 'length' || name === 'name' || name === 'arguments' || name === 'caller'
}

/** `value[key]` without falling back to attributes; undefined if there is no such item. */
export function valueAt(value: unknown, key: unknown): unknown {
  if (typeof value === 'string') return typeof key === 'string' ? undefined : itemAt(characters(value), key)
  if (Array.isArray(value)) return itemAt(value, key)
  if (value instanceof PyTuple) return itemAt(value.items, key)
  if (value instanceof PyRange) return rangeItem(value, key)
  const mapping = asMapping(value)
  if (mapping) return hashableItem(() => (mapping.has(key) ? (mapping.get(key) ?? null) : undefined))
  return asHostObject(value)?.[itemOf]?.(key)
}

/** A key that cannot be hashed is not in the dict; Jinja2 does not raise here. */
function hashableItem(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    if (error instanceof OperationError && error.kind === 'type') return undefined
    throw error
  }
}

function itemAt(items: readonly unknown[], key: unknown): unknown {
  const index = asInt(key)
  if (index === undefined) return undefined
  const value = items.at(Number(index))
  return value === undefined && Number(index) < items.length && Number(index) >= -items.length ? null : value
}

function rangeItem(range: PyRange, key: unknown): unknown {
  const index = asInt(key)
  if (index === undefined) return undefined
  const position = Number(index) < 0 ? Number(index) + range.length : Number(index)
  return position >= 0 && position < range.length ? range.at(position) : undefined
}
