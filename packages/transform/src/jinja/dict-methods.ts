import { DictView } from './dict-view.ts'
import { type Mapping, asMapping } from './mapping.ts'
import { PyDict, PyTuple } from './python-collections.ts'
import { asIterable, iterate, listOf } from './python-object.ts'
import { reprOfValue, typeName } from './python-text.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { OperationError, typeError, valueError } from './template-error.ts'
import type { HostObject, KeywordArguments } from './protocol.ts'

/** dict.update also takes any keyword, which a signature cannot say. */
class UpdateMethod extends NativeFunction implements HostObject {
  constructor() {
    super('update', 'other? /', () => null)
  }

  override callOn(args: readonly unknown[], kwargs: KeywordArguments, object: unknown): unknown {
    if (args.length > 1) throw typeError(`update expected at most 1 argument, got ${args.length}`)
    const target = mappingOf(object)
    if (args.length === 1) for (const [key, value] of pairsOf(args[0])) target.set(key, value)
    for (const [key, value] of Object.entries(kwargs)) target.set(key, value)
    return null
  }
}

export const dictMethods = functionTable(
  new NativeFunction('get', 'key default? /', (dict: unknown, key: unknown, fallback: unknown = null) => {
    const mapping = mappingOf(dict)
    return mapping.has(key) ? mapping.get(key) : fallback
  }),
  new NativeFunction('keys', '', (dict: unknown) => new DictView('keys', mappingOf(dict))),
  new NativeFunction('values', '', (dict: unknown) => new DictView('values', mappingOf(dict))),
  new NativeFunction('items', '', (dict: unknown) => new DictView('items', mappingOf(dict))),
  new UpdateMethod(),
  new NativeFunction('setdefault', 'key default? /', (dict: unknown, key: unknown, fallback: unknown = null) => {
    const mapping = mappingOf(dict)
    if (!mapping.has(key)) mapping.set(key, fallback)
    return mapping.get(key)
  }),
  new NativeFunction('pop', 'key default? /', (dict: unknown, key: unknown, fallback?: unknown) => {
    const mapping = mappingOf(dict)
    if (!mapping.has(key)) {
      if (fallback === undefined) throw new OperationError('key', reprOfValue(key))
      return fallback
    }
    const value = mapping.get(key)
    mapping.delete(key)
    return value
  }),
  new NativeFunction('popitem', '', (dict: unknown) => {
    const mapping = mappingOf(dict)
    const last = [...mapping.entries()].at(-1)
    if (!last) throw new OperationError('key', "'popitem(): dictionary is empty'")
    mapping.delete(last[0])
    return new PyTuple(last)
  }),
  new NativeFunction('copy', '', (dict: unknown) => new PyDict(mappingOf(dict).entries())),
  new NativeFunction('clear', '', (dict: unknown) => mappingOf(dict).clear()),
  new NativeFunction(
    'fromkeys',
    'iterable value? /',
    (_dict: unknown, keys: unknown, value: unknown = null) => new PyDict(listOf(keys).map((key) => [key, value])),
  ),
)

function mappingOf(value: unknown): Mapping {
  const mapping = asMapping(value)
  if (!mapping) throw typeError(`'${typeName(value)}' object is not a mapping`)
  return mapping
}

/** The entries of a mapping, or of an iterable of pairs. */
export function pairsOf(value: unknown): [unknown, unknown][] {
  const mapping = asMapping(value)
  if (mapping) return [...mapping.entries()]
  return [...iterate(value)].map((pair, index) => {
    const items = asIterable(pair)
    if (items === undefined) {
      throw typeError(`cannot convert dictionary update sequence element #${index} to a sequence`)
    }
    const [key, item, ...rest] = [...items]
    const length = [...items].length
    if (length !== 2 || rest.length > 0) {
      throw valueError(`dictionary update sequence element #${index} has length ${length}; 2 is required`)
    }
    return [key, item]
  })
}
