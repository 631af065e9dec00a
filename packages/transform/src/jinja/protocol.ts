import type { Eventual } from './eventual.ts'
import type { Frame } from './frame.ts'

/** Keyword arguments, without a prototype, so that any name can be one. */
export type KeywordArguments = Readonly<Record<string, unknown>>

export const callObject: unique symbol = Symbol.for('eclusa.jinja.call')
export const runObject: unique symbol = Symbol.for('eclusa.jinja.run')
export const attributeOf: unique symbol = Symbol.for('eclusa.jinja.attribute')
export const itemOf: unique symbol = Symbol.for('eclusa.jinja.item')
export const isMapping: unique symbol = Symbol.for('eclusa.jinja.mapping')
export const reprOf: unique symbol = Symbol.for('eclusa.jinja.repr')
export const lengthOf: unique symbol = Symbol.for('eclusa.jinja.length')
export const truthOf: unique symbol = Symbol.for('eclusa.jinja.truth')
export const equals: unique symbol = Symbol.for('eclusa.jinja.equals')
export const typeNameOf: unique symbol = Symbol.for('eclusa.jinja.type-name')
export const operate: unique symbol = Symbol.for('eclusa.jinja.operate')
export const compareTo: unique symbol = Symbol.for('eclusa.jinja.compare')
export const hashOf: unique symbol = Symbol.for('eclusa.jinja.hash')
export const numberOf: unique symbol = Symbol.for('eclusa.jinja.number')
export const sliceOfItems: unique symbol = Symbol.for('eclusa.jinja.slice')
export const formatWith: unique symbol = Symbol.for('eclusa.jinja.format')

/**
 * What a host's object may define to behave like a Python object in a template. Every member is optional.
 *
 * Without them an object shows its own properties and its class's methods and getters, except those that begin with an
 * underscore; is printed by its `toString`; is true, is equal to itself only, and can be looped over if it is iterable.
 */
export interface HostObject {
  /** Makes the object callable. May return a promise, which asynchronous rendering awaits. */
  [callObject]?(args: readonly unknown[], kwargs: KeywordArguments): unknown
  /** Called instead of `callObject` by templates, for objects whose call runs template code. */
  [runObject]?(args: readonly unknown[], kwargs: KeywordArguments, frame?: Frame): Eventual<unknown>
  /** The value of `object.name`; undefined says that there is none. */
  [attributeOf]?(name: string): unknown
  /** The value of `object[key]`; undefined says that there is none. */
  [itemOf]?(key: unknown): unknown
  /** Whether the test `mapping` accepts the object. */
  [isMapping]?: boolean
  /** How the object looks inside a printed list. Default: as printed by itself. */
  [reprOf]?(): string
  [lengthOf]?(): number
  [truthOf]?(): boolean
  [equals]?(other: unknown): boolean
  /** `object operator other`, or `other operator object` if reflected; undefined says that the types do not fit. */
  [operate]?(operator: string, other: unknown, isReflected: boolean): unknown
  /** Negative, zero or positive as the object is before, equal to or behind the other; undefined for other types. */
  [compareTo]?(other: unknown): number | undefined
  /** What the object is as a key: a string or a number that only equal objects share. Default: the object itself. */
  [hashOf]?(): unknown
  /** The object as an int or a float, for the filters `int` and `float` and the test `number`. */
  [numberOf]?(): number | bigint
  /** The items of `object[start:stop]`; without it a host's object cannot be sliced. */
  [sliceOfItems]?(): readonly unknown[]
  /** Python's `format(object, specification)`. */
  [formatWith]?(specification: string): string
  /** The name of the type in messages. Default: the name of the class. */
  [typeNameOf]?: string
}

export function asHostObject(value: unknown): (HostObject & object) | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? value : undefined
}
