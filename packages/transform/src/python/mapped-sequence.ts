import {
  attributeOf,
  compareTo,
  equals,
  itemOf,
  lengthOf,
  reprOf,
  sliceOfItems,
  typeNameOf,
} from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { PyDict, PyTuple } from '../jinja/python-collections.ts'
import { asInt } from '../jinja/python-number.ts'
import { asItems, isEqual, isOrdered } from '../jinja/python-object.ts'
import { reprOfValue } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'

/** Values that are looked up by index or by key: agate's `MappedSequence`, of which its rows and columns are kinds. */
export class MappedSequence<T = unknown> implements HostObject, Iterable<T> {
  readonly items: readonly T[]
  readonly names: readonly string[] | undefined
  readonly [typeNameOf]: string = 'MappedSequence'

  constructor(items: readonly T[], names?: readonly string[]) {
    this.items = items
    this.names = names
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]()
  }

  [attributeOf](name: string): unknown {
    const method = sequenceMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  [itemOf](key: unknown): unknown {
    const index = typeof key === 'boolean' ? undefined : asInt(key)
    const position = index === undefined ? this.#positionOf(key) : Number(index)
    const found = position === undefined ? undefined : this.items.at(position)
    return found === undefined && position !== undefined && isWithin(position, this.items.length) ? null : found
  }

  #positionOf(key: unknown): number | undefined {
    // A later column of the same name hides an earlier one, as in the dict that agate makes of them.
    const position = typeof key === 'string' ? (this.names?.lastIndexOf(key) ?? -1) : -1
    return position < 0 ? undefined : position
  }

  [sliceOfItems](): readonly unknown[] {
    return this.items
  }

  [lengthOf](): number {
    return this.items.length
  }

  [equals](other: unknown): boolean {
    const others = asItems(other) ?? (other instanceof MappedSequence ? other.items : undefined)
    return others !== undefined && isEqual([...this.items], [...others])
  }

  [compareTo](other: unknown): number | undefined {
    if (!(other instanceof MappedSequence) || this[equals](other)) return undefined
    return isOrdered('<', [...this.items], [...(other.items as unknown[])]) ? -1 : 1
  }

  [reprOf](): string {
    return this.toString()
  }

  toString(): string {
    const sample = this.items.slice(0, 5).map(reprOfValue).join(', ')
    return `<agate.${this[typeNameOf]}: (${sample}${this.items.length > 5 ? ', ...' : ''})>`
  }
}

function isWithin(position: number, length: number): boolean {
  return position < length && position >= -length
}

function dictOf({ items, names }: MappedSequence): PyDict {
  if (names === undefined) throw new OperationError('key', '')
  return new PyDict(names.map((name, index) => [name, items[index] ?? null]))
}

const sequenceMethods = functionTable(
  new NativeFunction('keys', '', ({ names }: MappedSequence) => (names === undefined ? null : new PyTuple(names))),
  new NativeFunction('values', '', ({ items }: MappedSequence) => new PyTuple(items)),
  new NativeFunction('items', '', ({ items, names = [] }: MappedSequence) => {
    return new PyTuple(names.map((name, index) => new PyTuple([name, items[index] ?? null])))
  }),
  new NativeFunction('get', 'key default?', (sequence: MappedSequence, key: unknown, fallback: unknown = null) => {
    const dict = dictOf(sequence)
    return dict.has(key) ? dict.get(key) : fallback
  }),
  new NativeFunction('dict', '', dictOf),
  new NativeFunction('index', 'value', ({ items }: MappedSequence, value: unknown) => {
    return items.findIndex((item) => isEqual(item, value))
  }),
  new NativeFunction('count', 'value', ({ items }: MappedSequence, value: unknown) => {
    return items.filter((item) => isEqual(item, value)).length
  }),
)
