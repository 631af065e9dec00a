import { callDirectly } from '../jinja/call.ts'
import { KeywordFunction } from '../jinja/keyword-function.ts'
import { applyBinary } from '../jinja/operators.ts'
import type { KeywordArguments } from '../jinja/protocol.ts'
import { PyIterator, PyTuple } from '../jinja/python-collections.ts'
import { expectIndex } from '../jinja/python-number.ts'
import { isTrue, iterate, listOf } from '../jinja/python-object.ts'
import { typeName } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'

/** Products and permutations beyond this many items are refused: they would fill the memory. */
const itemsMax = 5_000_000

/** Each function gives an iterator of the same name, which can be walked once. */
function lazily(
  name: string,
  signature: string,
  body: (...values: never[]) => Iterable<unknown>,
): [string, NativeFunction] {
  return [
    name,
    new NativeFunction(name, signature, (...values: never[]) => new PyIterator(body(...values), `itertools.${name}`)),
  ]
}

function countOf(value: unknown): number {
  return expectIndex(value, typeName(value))
}

/** `modules.itertools`: the functions that dbt gives to templates. */
export const itertoolsModule: Readonly<Record<string, unknown>> = Object.fromEntries<unknown>([
  lazily('count', 'start? step?', function* (start: unknown = 0, step: unknown = 1) {
    for (let value = start; ; value = applyBinary('+', value, step)) yield value
  }),
  lazily('cycle', 'iterable', function* (iterable: unknown) {
    const items = listOf(iterable)
    while (items.length > 0) yield* items
  }),
  lazily('repeat', 'object times?', function* (value: unknown, times?: unknown) {
    const count = times === undefined ? Infinity : countOf(times)
    for (let index = 0; index < count; index += 1) yield value
  }),
  lazily('accumulate', 'iterable func?', accumulate),
  lazily('chain', '*', function* (...iterables: readonly unknown[]) {
    for (const iterable of iterables) yield* iterate(iterable)
  }),
  lazily('compress', 'data selectors', function* (data: unknown, selectors: unknown) {
    const flags = iterate(selectors)[Symbol.iterator]()
    for (const item of iterate(data)) {
      const flag = flags.next()
      if (flag.done === true) return
      if (isTrue(flag.value)) yield item
    }
  }),
  lazily('islice', 'iterable start stop? step?', slice),
  lazily('starmap', 'function iterable', function* (callee: unknown, iterable: unknown) {
    for (const args of iterate(iterable)) yield callDirectly(callee, listOf(args), {})
  }),
  ['tee', new NativeFunction('tee', 'iterable n?', tee)],
  [
    'zip_longest',
    new KeywordFunction((args, kwargs) => new PyIterator(zipLongest(args, kwargs), 'itertools.zip_longest')),
  ],
  ['product', new KeywordFunction((args, kwargs) => new PyIterator(product(args, kwargs), 'itertools.product'))],
  lazily('permutations', 'iterable r?', (iterable: unknown, length: unknown) => {
    const items = listOf(iterable)
    return arrangements(items, lengthOr(length, items.length), (chosen, index) => !chosen.includes(index))
  }),
  lazily('combinations', 'iterable r', (iterable: unknown, length: unknown) =>
    arrangements(listOf(iterable), countOf(length), (chosen, index) => index > (chosen.at(-1) ?? -1)),
  ),
  lazily('combinations_with_replacement', 'iterable r', (iterable: unknown, length: unknown) =>
    arrangements(listOf(iterable), countOf(length), (chosen, index) => index >= (chosen.at(-1) ?? 0)),
  ),
])

function lengthOr(value: unknown, fallback: number): number {
  return value === undefined || value === null ? fallback : countOf(value)
}

function* accumulate(iterable: unknown, callee?: unknown): Generator {
  let total: unknown
  for (const item of iterate(iterable)) {
    if (total === undefined) total = item
    else total = callee == null ? applyBinary('+', total, item) : callDirectly(callee, [total, item], {})
    yield total
  }
}

function* slice(iterable: unknown, first: unknown, second?: unknown, step: unknown = 1): Generator {
  const [start, stop] = second === undefined ? [0, first] : [lengthOr(first, 0), second]
  const end = stop === null ? Infinity : countOf(stop)
  const stride = lengthOr(step, 1)
  let index = 0
  // Nothing is read beyond the end: the iterator may be endless.
  if (end <= 0) return
  for (const item of iterate(iterable)) {
    if (index >= start && (index - start) % stride === 0) yield item
    index += 1
    if (index >= end) return
  }
}

function tee(iterable: unknown, count: unknown = 2): PyTuple {
  const items = listOf(iterable)
  return new PyTuple(Array.from({ length: countOf(count) }, () => new PyIterator(items, 'itertools._tee')))
}

function* zipLongest(args: readonly unknown[], { fillvalue = null }: KeywordArguments): Generator<PyTuple> {
  const lists = args.map(listOf)
  const length = Math.max(0, ...lists.map((list) => list.length))
  for (let index = 0; index < length; index += 1) {
    yield new PyTuple(lists.map((list) => (index < list.length ? list[index] : fillvalue)))
  }
}

function* product(args: readonly unknown[], { repeat = 1 }: KeywordArguments): Generator<PyTuple> {
  const lists = args.map(listOf)
  const pools = Array.from({ length: countOf(repeat) }, () => lists).flat()
  refuseTooMany(pools.reduce((total, pool) => total * pool.length, 1))
  let rows: unknown[][] = [[]]
  for (const pool of pools) rows = rows.flatMap((row) => pool.map((item) => [...row, item]))
  for (const row of rows) yield new PyTuple(row)
}

function refuseTooMany(count: number): void {
  if (count > itemsMax) throw new OperationError('limit', `a product has more than ${itemsMax} items`)
}

/** All tuples of items at positions that may follow each other, in the order of the positions. */
function* arrangements(
  items: readonly unknown[],
  length: number,
  mayFollow: (chosen: readonly number[], index: number) => boolean,
  chosen: readonly number[] = [],
): Generator<PyTuple> {
  if (chosen.length === length) {
    yield new PyTuple(chosen.map((index) => items[index]))
    return
  }
  for (const index of items.keys()) {
    if (mayFollow(chosen, index)) yield* arrangements(items, length, mayFollow, [...chosen, index])
  }
}
