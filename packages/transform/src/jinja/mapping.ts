import { PyDict, hashKey, isPlainObject } from './python-collections.ts'

/** What a dict can do; a PyDict does it itself, a host's plain object through a view that writes through. */
export interface Mapping {
  readonly size: number
  has(key: unknown): boolean
  get(key: unknown): unknown
  set(key: unknown, value: unknown): void
  delete(key: unknown): boolean
  clear(): void
  keys(): Iterable<unknown>
  entries(): Iterable<[unknown, unknown]>
}

export function asMapping(value: unknown): Mapping | undefined {
  if (value instanceof PyDict) return value
  return isPlainObject(value) ? new ObjectMapping(value) : undefined
}

class ObjectMapping implements Mapping {
  readonly #object: Record<string, unknown>

  constructor(object: Record<string, unknown>) {
    this.#object = object
  }

  get size(): number {
    return Object.keys(this.#object).length
  }

  has(key: unknown): boolean {
    const hash = hashKey(key)
    return typeof hash === 'string' && Object.hasOwn(this.#object, hash)
  }

  get(key: unknown): unknown {
    return typeof key === 'string' && this.has(key) ? (this.#object[key] ?? null) : undefined
  }

  set(key: unknown, value: unknown): void {
    // Defined and not assigned, because assigning "__proto__" would change the object's prototype.
    Object.defineProperty(this.#object, String(key), { value, writable: true, enumerable: true, configurable: true })
  }

  delete(key: unknown): boolean {
    return this.has(key) && delete this.#object[String(key)]
  }

  clear(): void {
    for (const key of Object.keys(this.#object)) delete this.#object[key]
  }

  keys(): Iterable<unknown> {
    return Object.keys(this.#object)
  }

  entries(): Iterable<[unknown, unknown]> {
    return Object.entries(this.#object).map(([key, value]) => [key, value ?? null])
  }
}

/** The mapping's content as a plain object; keys that are not strings become their text. */
export function toPlainObject(mapping: Mapping): Record<string, unknown> {
  return Object.fromEntries([...mapping.entries()].map(([key, value]) => [String(key), value]))
}
