import { asHostObject, hashOf } from './protocol.ts'
import { isFloat, isNumeric } from './python-number.ts'
import { typeError } from './template-error.ts'

/**
 * Python's containers where JavaScript's do not serve: a list is an ordinary array, and a host's plain object passes for a
 * dict (see mapping.ts), but tuples, dicts with any hashable key, sets, ranges and one-pass iterators need a class.
 */
export class PyTuple implements Iterable<unknown> {
  readonly items: readonly unknown[]
  /** Names of leading items, for a named tuple such as the groups of the filter `groupby`. */
  readonly fieldNames: readonly string[]

  constructor(items: readonly unknown[], fieldNames: readonly string[] = []) {
    this.items = items
    this.fieldNames = fieldNames
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.items[Symbol.iterator]()
  }
}

/** A lazily computed sequence that can be walked once, as generators and the results of `map` or `select` are. */
export class PyIterator implements Iterable<unknown> {
  readonly typeName: string
  readonly #source: Iterator<unknown>

  constructor(source: Iterable<unknown>, typeName = 'generator') {
    this.typeName = typeName
    this.#source = source[Symbol.iterator]()
  }

  [Symbol.iterator](): Iterator<unknown> {
    return { next: () => this.#source.next() }
  }
}

export class PyRange implements Iterable<number> {
  readonly start: number
  readonly stop: number
  readonly step: number
  readonly length: number

  constructor(start: number, stop: number, step: number) {
    this.start = start
    this.stop = stop
    this.step = step
    this.length = Math.max(0, Math.ceil((stop - start) / step))
  }

  at(index: number): number {
    return this.start + index * this.step
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index)
  }
}

/** A dict in order of insertion, with Python's equality of keys: 1, 1.0 and True are one key, and so are equal tuples. */
export class PyDict implements Iterable<unknown> {
  readonly #entries = new Map<unknown, { readonly key: unknown; value: unknown }>()

  constructor(entries: Iterable<readonly [unknown, unknown]> = []) {
    for (const [key, value] of entries) this.set(key, value)
  }

  get size(): number {
    return this.#entries.size
  }

  has(key: unknown): boolean {
    return this.#entries.has(hashKey(key))
  }

  get(key: unknown): unknown {
    return this.#entries.get(hashKey(key))?.value
  }

  set(key: unknown, value: unknown): void {
    const hash = hashKey(key)
    const entry = this.#entries.get(hash)
    if (entry) entry.value = value
    else this.#entries.set(hash, { key, value })
  }

  delete(key: unknown): boolean {
    return this.#entries.delete(hashKey(key))
  }

  clear(): void {
    this.#entries.clear()
  }

  *keys(): Generator<unknown, void, undefined> {
    for (const { key } of this.#entries.values()) yield key
  }

  *entries(): Generator<[unknown, unknown], void, undefined> {
    for (const { key, value } of this.#entries.values()) yield [key, value]
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.keys()
  }
}

/** A set in order of insertion (Python's order is not defined). */
export class PySet implements Iterable<unknown> {
  readonly #items = new Map<unknown, unknown>()

  constructor(items: Iterable<unknown> = []) {
    for (const item of items) this.add(item)
  }

  get size(): number {
    return this.#items.size
  }

  has(item: unknown): boolean {
    return this.#items.has(hashKey(item))
  }

  add(item: unknown): void {
    const hash = hashKey(item)
    if (!this.#items.has(hash)) this.#items.set(hash, item)
  }

  delete(item: unknown): boolean {
    return this.#items.delete(hashKey(item))
  }

  clear(): void {
    this.#items.clear()
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.#items.values()
  }
}

/**
 * A value for which equality in a JavaScript Map is Python's equality of keys. Strings stand for themselves, so other
 * values may not become a string that could be one: tuples get a prefix no template text starts with by accident.
 * @throws OperationError of kind `type` for lists, dicts and sets
 */
export function hashKey(key: unknown): unknown {
  if (typeof key === 'string') return key.startsWith(tuplePrefix) ? `${tuplePrefix}s${key}` : key
  if (isNumeric(key)) return hashNumber(key)
  if (key instanceof PyTuple) return tuplePrefix + key.items.map(tupleItemHash).join('')
  if (Array.isArray(key)) throw typeError("unhashable type: 'list'")
  if (key instanceof PyDict || isPlainObject(key)) throw typeError("unhashable type: 'dict'")
  if (key instanceof PySet) throw typeError("unhashable type: 'set'")
  const hash = asHostObject(key)?.[hashOf]?.()
  return hash === undefined ? (key ?? null) : typeof hash === 'string' ? `${tuplePrefix}h${hash}` : hash
}

const tuplePrefix = '\u0000t'
const objectNumbers = new WeakMap<object, number>()
let objectCount = 0

function hashNumber(key: number | bigint | boolean | { valueOf(): number }): unknown {
  if (typeof key === 'bigint') return key
  const number = Number(key)
  return isFloat(key) && Number.isInteger(number) && !Number.isSafeInteger(number) ? BigInt(number) : number
}

/** Length before text, so that no two different tuples give one string. */
function tupleItemHash(item: unknown): string {
  const hash = hashKey(item)
  if (typeof hash === 'object' && hash !== null) return `o${objectNumber(hash)};`
  if (typeof hash === 'function') return `o${objectNumber(hash)};`
  const text = String(hash)
  return `${(typeof hash)[0]}${text.length}:${text}`
}

function objectNumber(value: object): number {
  const known = objectNumbers.get(value)
  if (known !== undefined) return known
  objectCount += 1
  objectNumbers.set(value, objectCount)
  return objectCount
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
