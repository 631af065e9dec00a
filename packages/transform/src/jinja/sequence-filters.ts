import { getter } from './attribute-getter.ts'
import type { FilterEnvironment } from './frame.ts'
import { asMapping } from './mapping.ts'
import { applyBinary } from './operators.ts'
import { PyIterator, PySet, PyTuple } from './python-collections.ts'
import { expectIndex } from './python-number.ts'
import {
  asItems,
  asIterable,
  characters,
  isEqual,
  isOrdered,
  isTrue,
  iterate,
  lengthOfValue,
  listOf,
  sizeOf,
  sortValues,
} from './python-object.ts'
import { textOf, typeName } from './python-text.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { OperationError, typeError } from './template-error.ts'
import { Undefined } from './undefined-value.ts'

type Env = FilterEnvironment

export const sequenceFilters = functionTable(
  new NativeFunction(
    'default',
    'value default_value? boolean?',
    (_: Env, value: unknown, fallback: unknown = '', boolean?: unknown) => defaultOf(value, fallback, boolean),
  ),
  new NativeFunction(
    'd',
    'value default_value? boolean?',
    (_: Env, value: unknown, fallback: unknown = '', boolean?: unknown) => defaultOf(value, fallback, boolean),
  ),
  new NativeFunction('length', 'obj', (_: Env, value: unknown) => lengthOfValue(value)),
  new NativeFunction('count', 'obj', (_: Env, value: unknown) => lengthOfValue(value)),
  new NativeFunction('list', 'value', (_: Env, value: unknown) => listOf(value)),
  new NativeFunction('first', 'seq', (env: Env, value: unknown) => {
    for (const item of iterate(value)) return item
    return env.undefined({ hint: 'No first item, sequence was empty.' })
  }),
  new NativeFunction('last', 'seq', (env: Env, value: unknown) => {
    const items = reversible(value)
    return items.length > 0 ? items.at(-1) : env.undefined({ hint: 'No last item, sequence was empty.' })
  }),
  new NativeFunction('random', 'seq', (env: Env, value: unknown) => {
    const items = listOf(value)
    if (items.length === 0) return env.undefined({ hint: 'No random item, sequence was empty.' })
    return items[Math.floor(Math.random() * items.length)]
  }),
  new NativeFunction('reverse', 'value', (_: Env, value: unknown) => reversed(value)),
  new NativeFunction(
    'join',
    'value d? attribute?',
    (env: Env, value: unknown, separator: unknown = '', attribute?: unknown) =>
      listOf(value).map(getter(env, attribute)).map(textOf).join(textOf(separator)),
  ),
  new NativeFunction(
    'sum',
    'iterable attribute? start?',
    (env: Env, value: unknown, attribute?: unknown, start: unknown = 0) => {
      if (typeof start === 'string') throw typeError("sum() can't sum strings [use ''.join(seq) instead]")
      return listOf(value)
        .map(getter(env, attribute))
        .reduce((total, item) => applyBinary('+', total, item), start)
    },
  ),
  new NativeFunction('min', 'value case_sensitive? attribute?', (env: Env, value: unknown, ...options: unknown[]) =>
    extreme(env, '<', value, options),
  ),
  new NativeFunction('max', 'value case_sensitive? attribute?', (env: Env, value: unknown, ...options: unknown[]) =>
    extreme(env, '>', value, options),
  ),
  new NativeFunction(
    'sort',
    'value reverse? case_sensitive? attribute?',
    (env: Env, value: unknown, ...options: unknown[]) => {
      const [reverse, caseSensitive, attribute] = options
      return sortValues(listOf(value), {
        key: sortKey(env, attribute, isTrue(caseSensitive)),
        reverse: isTrue(reverse),
      })
    },
  ),
  new NativeFunction(
    'unique',
    'value case_sensitive? attribute?',
    (env: Env, value: unknown, ...options: unknown[]) => new PyIterator(unique(env, value, options)),
  ),
  new NativeFunction(
    'groupby',
    'value attribute default? case_sensitive?',
    (env: Env, value: unknown, ...options: unknown[]) => groups(env, value, options),
  ),
  new NativeFunction(
    'batch',
    'value linecount fill_with?',
    (_: Env, value: unknown, size: unknown, fill: unknown = null) => new PyIterator(batches(value, size, fill)),
  ),
  new NativeFunction(
    'slice',
    'value slices fill_with?',
    (_: Env, value: unknown, count: unknown, fill: unknown = null) => new PyIterator(slices(value, count, fill)),
  ),
  new NativeFunction(
    'dictsort',
    'value case_sensitive? by? reverse?',
    (_: Env, value: unknown, ...options: unknown[]) => sortedEntries(value, options),
  ),
  new NativeFunction('items', 'value', (_: Env, value: unknown) => new PyIterator(entries(value))),
  new NativeFunction('attr', 'obj name', (env: Env, value: unknown, name: unknown) =>
    env.getAttribute(value, textOf(name)),
  ),
)

function defaultOf(value: unknown, fallback: unknown, boolean: unknown): unknown {
  if (value instanceof Undefined) return fallback
  return isTrue(boolean) && !isTrue(value) ? fallback : value
}

/** What reversed() accepts: not a set, nor anything that is computed lazily. */
function reversible(value: unknown): readonly unknown[] {
  const isSized = sizeOf(value) !== undefined && !(value instanceof PySet)
  if (!isSized) throw typeError(`'${typeName(value)}' object is not reversible`)
  return listOf(value)
}

function reversed(value: unknown): unknown {
  if (typeof value === 'string') return characters(value).toReversed().join('')
  if (asIterable(value) === undefined) throw new OperationError('filter-argument', 'argument must be iterable')
  const items = listOf(value).toReversed()
  return sizeOf(value) === undefined || value instanceof PySet ? items : new PyIterator(items, 'list_reverseiterator')
}

function extreme(env: Env, operator: '<' | '>', value: unknown, [caseSensitive, attribute]: unknown[]): unknown {
  const keyOf = getter(env, attribute, { ignoreCase: !isTrue(caseSensitive) })
  const items = listOf(value)
  if (items.length === 0) return env.undefined({ hint: 'No aggregated item, sequence was empty.' })
  return items.reduce((best, item) => (isOrdered(operator, keyOf(item), keyOf(best)) ? item : best))
}

/** The key of a sort by one attribute or by several with commas between them: a list, so that equal keys never compare. */
function sortKey(env: Env, attribute: unknown, caseSensitive: boolean): (item: unknown) => unknown {
  const options = { ignoreCase: !caseSensitive }
  const attributes = typeof attribute === 'string' ? attribute.split(',') : [attribute]
  const getters = attributes.map((part) => getter(env, part, options))
  return (item) => getters.map((get) => get(item))
}

function* unique(env: Env, value: unknown, [caseSensitive, attribute]: unknown[]): Generator<unknown, void, undefined> {
  const keyOf = getter(env, attribute, { ignoreCase: !isTrue(caseSensitive) })
  const seen = new PySet()
  for (const item of iterate(value)) {
    const key = keyOf(item)
    if (seen.has(key)) continue
    seen.add(key)
    yield item
  }
}

function groups(env: Env, value: unknown, [attribute, fallback, caseSensitive]: unknown[]): PyTuple[] {
  const ignoreCase = !isTrue(caseSensitive)
  const keyOf = getter(env, attribute, { ignoreCase, fallback })
  const realKeyOf = getter(env, attribute, { fallback })
  const found: { key: unknown; items: unknown[] }[] = []
  for (const item of sortValues(listOf(value), { key: keyOf })) {
    const key = keyOf(item)
    const last = found.at(-1)
    if (last && isEqual(last.key, key)) last.items.push(item)
    else found.push({ key, items: [item] })
  }
  // The key as it is in the first item, not in lower case.
  return found.map(({ items }) => new PyTuple([realKeyOf(items[0]), items], ['grouper', 'list']))
}

function* batches(value: unknown, size: unknown, fill: unknown): Generator<unknown[], void, undefined> {
  const length = expectIndex(size, typeName(size))
  let batch: unknown[] = []
  for (const item of iterate(value)) {
    if (batch.length === length) {
      yield batch
      batch = []
    }
    batch.push(item)
  }
  if (batch.length === 0) return
  const missing = fill === null ? 0 : length - batch.length
  yield [...batch, ...Array.from({ length: Math.max(0, missing) }, () => fill)]
}

function* slices(value: unknown, count: unknown, fill: unknown): Generator<unknown[], void, undefined> {
  const items = listOf(value)
  const total = expectIndex(count, typeName(count))
  if (total === 0) throw new OperationError('zero-division', 'integer division or modulo by zero')
  const size = Math.floor(items.length / total)
  const longer = items.length % total
  let start = 0
  for (let index = 0; index < total; index += 1) {
    const end = start + size + (index < longer ? 1 : 0)
    const part = items.slice(start, end)
    if (fill !== null && index >= longer) part.push(fill)
    yield part
    start = end
  }
}

function sortedEntries(value: unknown, [caseSensitive, by = 'key', reverse]: unknown[]): unknown[] {
  if (by !== 'key' && by !== 'value') {
    throw new OperationError('filter-argument', 'You can only sort by either "key" or "value"')
  }
  if (value instanceof Undefined) return value.fail()
  const mapping = asMapping(value)
  if (!mapping) throw new OperationError('attribute', `'${typeName(value)}' object has no attribute 'items'`)
  const pairs = [...mapping.entries()].map((pair) => new PyTuple(pair))
  const keyOf = (pair: unknown) => {
    const key = asItems(pair)?.[by === 'key' ? 0 : 1]
    return isTrue(caseSensitive) ? key : lowerCase(key)
  }
  return sortValues(pairs, { key: keyOf, reverse: isTrue(reverse) })
}

function* entries(value: unknown): Generator<unknown, void, undefined> {
  if (value instanceof Undefined) return
  const mapping = asMapping(value)
  if (!mapping) throw typeError('Can only get item pairs from a mapping.')
  for (const pair of mapping.entries()) yield new PyTuple(pair)
}

function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value
}
