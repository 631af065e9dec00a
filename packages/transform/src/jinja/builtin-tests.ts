import { isCallable } from './call.ts'
import type { FilterEnvironment } from './frame.ts'
import { asMapping } from './mapping.ts'
import { applyBinary } from './operators.ts'
import { asHostObject, isMapping, numberOf, sliceOfItems } from './protocol.ts'
import { PyRange, hashKey } from './python-collections.ts'
import { isFloat, isInt, isNumeric } from './python-number.ts'
import { asItems, asIterable, contains, isEqual, isOrdered } from './python-object.ts'
import { textOf } from './python-text.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { isLower, isUpper } from './string-methods.ts'
import { Undefined } from './undefined-value.ts'

type Env = FilterEnvironment

const valueTests: Readonly<Record<string, (value: unknown) => boolean>> = {
  odd: (value) => isEqual(applyBinary('%', value, 2), 1),
  even: (value) => isEqual(applyBinary('%', value, 2), 0),
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  false: (value) => value === false,
  true: (value) => value === true,
  integer: isInt,
  float: isFloat,
  number: (value) => isNumeric(value) || asHostObject(value)?.[numberOf] !== undefined,
  string: (value) => typeof value === 'string',
  lower: (value) => isLower(textOf(value)),
  upper: (value) => isUpper(textOf(value)),
  mapping: (value) => asMapping(value) !== undefined || asHostObject(value)?.[isMapping] === true,
  sequence: isSequence,
  iterable: (value) => asIterable(value) !== undefined,
  callable: (value) => isCallable(value),
  escaped: () => false,
}

const comparisonTests: Readonly<Record<string, (left: unknown, right: unknown) => boolean>> = {
  sameas: Object.is,
  in: (value, container) => contains(container, value),
  divisibleby: (value, divisor) => isEqual(applyBinary('%', value, divisor), 0),
  ...withNames(['==', 'eq', 'equalto'], isEqual),
  ...withNames(['!=', 'ne'], (left, right) => !isEqual(left, right)),
  ...withNames(['>', 'gt', 'greaterthan'], (left, right) => isOrdered('>', left, right)),
  ...withNames(['>=', 'ge'], (left, right) => isOrdered('>=', left, right)),
  ...withNames(['<', 'lt', 'lessthan'], (left, right) => isOrdered('<', left, right)),
  ...withNames(['<=', 'le'], (left, right) => isOrdered('<=', left, right)),
}

export const builtinTests = functionTable(
  ...Object.entries(valueTests).map(
    ([name, test]) => new NativeFunction(name, 'value', (_: Env, value: unknown) => test(value)),
  ),
  ...Object.entries(comparisonTests).map(
    ([name, test]) =>
      new NativeFunction(name, 'value other', (_: Env, left: unknown, right: unknown) => test(left, right)),
  ),
  new NativeFunction('filter', 'value', (env: Env, name: unknown) => isNameOf(env, 'filter', name)),
  new NativeFunction('test', 'value', (env: Env, name: unknown) => isNameOf(env, 'test', name)),
)

/** Any hashable value may be asked for, though only a string can be a name. */
function isNameOf(env: Env, kind: 'filter' | 'test', name: unknown): boolean {
  const key = hashKey(name)
  return typeof key === 'string' && env.has(kind, key)
}

function withNames<T>(names: readonly string[], test: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, test]))
}

/** What has a length and items by key: dicts too, sets not. */
function isSequence(value: unknown): boolean {
  if (typeof value === 'string' || value instanceof PyRange || value instanceof Undefined) return true
  return (
    asItems(value) !== undefined || asMapping(value) !== undefined || asHostObject(value)?.[sliceOfItems] !== undefined
  )
}
