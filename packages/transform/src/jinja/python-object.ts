import { asMapping } from './mapping.ts'
import { asHostObject, compareTo, equals, lengthOf, truthOf } from './protocol.ts'
import { PyDict, PyRange, PySet, PyTuple } from './python-collections.ts'
import { PyFloat, isNumeric } from './python-number.ts'
import { typeName } from './python-text.ts'
import { typeError, valueError } from './template-error.ts'
import { Undefined } from './undefined-value.ts'

/** What Python's protocols say about any value: truth, length, iteration, equality, order, membership. */

export function isTrue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value) || Number.isNaN(value)
  if (value instanceof PyFloat) return value.value !== 0
  if (value instanceof Undefined) {
    value.allowUse()
    return false
  }
  const truth = asHostObject(value)?.[truthOf]?.()
  return truth ?? sizeOf(value) !== 0
}

/** len(value), or undefined where Python raises TypeError. */
export function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string') return characterCount(value)
  if (Array.isArray(value)) return value.length
  if (value instanceof PyTuple) return value.items.length
  if (value instanceof PyRange) return value.length
  if (value instanceof PyDict || value instanceof PySet) return value.size
  if (value instanceof Undefined) {
    value.allowUse()
    return 0
  }
  return asHostObject(value)?.[lengthOf]?.() ?? asMapping(value)?.size
}

export function lengthOfValue(value: unknown): number {
  const size = sizeOf(value)
  if (size === undefined) throw typeError(`object of type '${typeName(value)}' has no len()`)
  return size
}

const surrogatePattern = /[\ud800-\udfff]/

/** Python counts code points, JavaScript UTF-16 units; they differ only where surrogates occur. */
export function characterCount(text: string): number {
  return surrogatePattern.test(text) ? Array.from(text).length : text.length
}

export function characters(text: string): string[] {
  return surrogatePattern.test(text) ? Array.from(text) : text.split('')
}

/** iter(value), or undefined where Python raises TypeError. */
export function asIterable(value: unknown): Iterable<unknown> | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value
  if (value instanceof Undefined) {
    value.allowUse()
    return []
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (Symbol.iterator in value) return value as Iterable<unknown>
  return asMapping(value)?.keys()
}

export function iterate(value: unknown): Iterable<unknown> {
  const iterable = asIterable(value)
  if (iterable === undefined) throw typeError(`'${typeName(value)}' object is not iterable`)
  return iterable
}

/** The items of an iterable as a new list. */
export function listOf(value: unknown): unknown[] {
  return [...iterate(value)]
}

/** Takes an iterable apart into exactly `count` values. */
export function unpack(value: unknown, count: number): unknown[] {
  const iterable = asIterable(value)
  if (iterable === undefined) throw typeError(`cannot unpack non-iterable ${typeName(value)} object`)
  const items: unknown[] = []
  for (const item of iterable) {
    if (items.length === count) throw valueError(`too many values to unpack (expected ${count})`)
    items.push(item)
  }
  if (items.length < count) throw valueError(`not enough values to unpack (expected ${count}, got ${items.length})`)
  return items
}

/** A number as JavaScript compares it exactly: its comparison of a number with a bigint is mathematical. */
function comparable(value: number | bigint | boolean | PyFloat): number | bigint {
  return typeof value === 'bigint' ? value : Number(value)
}

export function isEqual(left: unknown, right: unknown): boolean {
  if (left instanceof Undefined || right instanceof Undefined) return isEqualUndefined(left, right)
  if (left === right) return !Number.isNaN(left)
  if (isNumeric(left)) {
    if (!isNumeric(right)) return asHostObject(right)?.[equals]?.(left) ?? false
    const [first, second] = [comparable(left), comparable(right)]
    return first == second
  }
  if (isNumeric(right)) return asHostObject(left)?.[equals]?.(right) ?? false
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  return isEqualObject(left, right)
}

function isEqualUndefined(left: unknown, right: unknown): boolean {
  for (const side of [left, right]) if (side instanceof Undefined) side.allowUse()
  return left instanceof Undefined && right instanceof Undefined
}

function isEqualObject(left: object, right: object): boolean {
  if (Array.isArray(left)) return Array.isArray(right) && areEqualItems(left, right)
  if (left instanceof PyTuple) return right instanceof PyTuple && areEqualItems(left.items, right.items)
  if (left instanceof PySet) return right instanceof PySet && left.size === right.size && isSubset(left, right)
  if (left instanceof PyRange) return right instanceof PyRange && areEqualItems([...left], [...right])
  const mapping = asMapping(left)
  if (mapping) {
    const other = asMapping(right)
    if (other?.size !== mapping.size) return false
    return [...mapping.entries()].every(([key, value]) => other.has(key) && isSame(value, other.get(key)))
  }
  return asHostObject(left)?.[equals]?.(right) ?? asHostObject(right)?.[equals]?.(left) ?? false
}

/** Containers compare their items by identity first, so that a NaN equals itself in them. */
function isSame(left: unknown, right: unknown): boolean {
  return Object.is(left, right) || isEqual(left, right)
}

function areEqualItems(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => isSame(item, right[index]))
}

export function isSubset(left: PySet, right: PySet): boolean {
  for (const item of left) if (!right.has(item)) return false
  return true
}

type OrderOperator = '<' | '<=' | '>' | '>='

export function isOrdered(operator: OrderOperator, left: unknown, right: unknown): boolean {
  if (isNumeric(left) && isNumeric(right)) return holds(operator, comparable(left), comparable(right))
  if (typeof left === 'string' && typeof right === 'string') return holds(operator, compareStrings(left, right), 0)
  if (left instanceof Undefined) left.fail()
  if (right instanceof Undefined) right.fail()
  if (Array.isArray(left) && Array.isArray(right)) return isOrderedItems(operator, left, right)
  if (left instanceof PyTuple && right instanceof PyTuple) return isOrderedItems(operator, left.items, right.items)
  if (left instanceof PySet && right instanceof PySet) return isOrderedSet(operator, left, right)
  const order = orderOfHosts(left, right)
  if (order !== undefined) return holds(operator, order, 0)
  const types = `'${typeName(left)}' and '${typeName(right)}'`
  throw typeError(`'${operator}' not supported between instances of ${types}`)
}

function orderOfHosts(left: unknown, right: unknown): number | undefined {
  const order = asHostObject(left)?.[compareTo]?.(right)
  if (order !== undefined) return order
  const reflected = asHostObject(right)?.[compareTo]?.(left)
  return reflected === undefined ? undefined : -reflected
}

function holds(operator: OrderOperator, left: number | bigint, right: number | bigint): boolean {
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}

/** By code point; UTF-16 units sort differently only where a surrogate meets a character behind the surrogates. */
function compareStrings(left: string, right: string): number {
  if (left === right) return 0
  if (!surrogatePattern.test(left) && !surrogatePattern.test(right)) return left < right ? -1 : 1
  const [first, second] = [Array.from(left), Array.from(right)]
  const index = first.findIndex((character, position) => character !== second[position])
  if (index < 0) return -1
  return (first[index]?.codePointAt(0) ?? 0) - (second[index]?.codePointAt(0) ?? -1)
}

function isOrderedItems(operator: OrderOperator, left: readonly unknown[], right: readonly unknown[]): boolean {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index += 1) {
    if (!isSame(left[index], right[index])) return isOrdered(operator, left[index], right[index])
  }
  return holds(operator, left.length, right.length)
}

function isOrderedSet(operator: OrderOperator, left: PySet, right: PySet): boolean {
  if (operator === '>' || operator === '>=') return isOrderedSet(operator === '>' ? '<' : '<=', right, left)
  return isSubset(left, right) && (operator === '<=' || left.size < right.size)
}

/** `item in container` */
export function contains(container: unknown, item: unknown): boolean {
  if (typeof container === 'string') {
    if (typeof item === 'string') return container.includes(item)
    if (item instanceof Undefined) item.allowUse()
    throw typeError(`'in <string>' requires string as left operand, not ${typeName(item)}`)
  }
  if (container instanceof PySet) return container.has(item)
  const mapping = asMapping(container)
  if (mapping) return mapping.has(item)
  const iterable = asIterable(container)
  if (iterable === undefined) throw typeError(`argument of type '${typeName(container)}' is not iterable`)
  for (const candidate of iterable) if (isSame(candidate, item)) return true
  return false
}

/** sorted(items, key=key, reverse=reverse): stable, by "<" alone, and so with Python's error where types do not compare. */
export function sortValues(
  items: readonly unknown[],
  options: { key?: (item: unknown) => unknown; reverse?: boolean } = {},
): unknown[] {
  const { key = (item: unknown) => item, reverse = false } = options
  const keyed = items.map((item) => ({ item, key: key(item) }))
  keyed.sort((left, right) => {
    if (isOrdered('<', left.key, right.key)) return reverse ? 1 : -1
    return isOrdered('<', right.key, left.key) ? (reverse ? -1 : 1) : 0
  })
  return keyed.map(({ item }) => item)
}

/** The items of a list or a tuple (not of a string or another iterable). */
export function asItems(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  return value instanceof PyTuple ? value.items : undefined
}
