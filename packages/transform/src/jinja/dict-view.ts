import type { Mapping } from './mapping.ts'
import { type HostObject, attributeOf, equals, lengthOf, reprOf, typeNameOf } from './protocol.ts'
import { PySet, PyTuple } from './python-collections.ts'
import { reprOfValue } from './python-text.ts'

/** What `keys()`, `values()` and `items()` of a dict give: it follows later changes of the dict. */
export class DictView implements HostObject, Iterable<unknown> {
  readonly #part: 'keys' | 'values' | 'items'
  readonly #mapping: Mapping

  constructor(part: 'keys' | 'values' | 'items', mapping: Mapping) {
    this.#part = part
    this.#mapping = mapping
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (const [key, value] of this.#mapping.entries()) {
      yield this.#part === 'keys' ? key : this.#part === 'values' ? value : new PyTuple([key, value])
    }
  }

  [lengthOf](): number {
    return this.#mapping.size
  }

  [equals](other: unknown): boolean {
    if (this.#part === 'values' || !(other instanceof DictView || other instanceof PySet)) return false
    const [own, others] = [new PySet(this), new PySet(other)]
    return own.size === others.size && [...own].every((item) => others.has(item))
  }

  get [typeNameOf](): string {
    return `dict_${this.#part}`
  }

  [attributeOf](): undefined {
    return undefined
  }

  [reprOf](): string {
    return `dict_${this.#part}(${reprOfValue([...this])})`
  }
}
