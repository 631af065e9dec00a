import { asInt, expectIndex } from './python-number.ts'
import { isEqual, listOf, sortValues } from './python-object.ts'
import { PyTuple } from './python-collections.ts'
import { reprOfValue, typeName } from './python-text.ts'
import { callDirectly } from './call.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { OperationError, typeError, valueError } from './template-error.ts'

export const listMethods = functionTable(
  new NativeFunction('append', 'object', (list: unknown[], item: unknown) => {
    list.push(item)
  }),
  new NativeFunction('extend', 'iterable', (list: unknown[], items: unknown) => {
    for (const item of listOf(items)) list.push(item)
  }),
  new NativeFunction('insert', 'index object', (list: unknown[], index: unknown, item: unknown) => {
    list.splice(expectIndex(index, typeName(index)), 0, item)
  }),
  new NativeFunction('pop', 'index?', (list: unknown[], index?: unknown) => pop(list, index)),
  new NativeFunction('remove', 'value', (list: unknown[], value: unknown) => {
    const index = list.findIndex((item) => isEqual(item, value))
    if (index < 0) throw valueError('list.remove(x): x not in list')
    list.splice(index, 1)
  }),
  new NativeFunction('clear', '', (list: unknown[]) => {
    list.length = 0
  }),
  new NativeFunction('copy', '', (list: unknown[]) => [...list]),
  new NativeFunction('reverse', '', (list: unknown[]) => {
    list.reverse()
  }),
  new NativeFunction('sort', 'key? reverse?', (list: unknown[], key?: unknown, reverse?: unknown) => {
    const keyOf = key === undefined || key === null ? undefined : (item: unknown) => callDirectly(key, [item], {})
    const sorted = sortValues(list, { ...(keyOf && { key: keyOf }), reverse: Boolean(reverse) })
    list.splice(0, list.length, ...sorted)
  }),
  new NativeFunction('count', 'value', (list: unknown[], value: unknown) => countOf(list, value)),
  new NativeFunction(
    'index',
    'value start? stop?',
    (list: unknown[], value: unknown, start?: unknown, stop?: unknown) => indexOf('list', list, value, start, stop),
  ),
)

export const tupleMethods = functionTable(
  new NativeFunction('count', 'value', (tuple: PyTuple, value: unknown) => countOf(tuple.items, value)),
  new NativeFunction('index', 'value start? stop?', (tuple: PyTuple, value: unknown, start?: unknown, stop?: unknown) =>
    indexOf('tuple', tuple.items, value, start, stop),
  ),
)

function pop(list: unknown[], position: unknown = -1): unknown {
  const index = asInt(position)
  if (index === undefined) throw typeError(`'${typeName(position)}' object cannot be interpreted as an integer`)
  if (list.length === 0) throw new OperationError('index', 'pop from empty list')
  const at = Number(index) < 0 ? Number(index) + list.length : Number(index)
  if (at < 0 || at >= list.length) throw new OperationError('index', 'pop index out of range')
  return list.splice(at, 1)[0]
}

function countOf(items: readonly unknown[], value: unknown): number {
  return items.filter((item) => isEqual(item, value)).length
}

function indexOf(type: string, items: readonly unknown[], value: unknown, start: unknown = 0, stop?: unknown): number {
  const bound = (position: unknown) => {
    const index = expectIndex(position, typeName(position))
    return index < 0 ? Math.max(0, index + items.length) : index
  }
  const end = stop === undefined ? items.length : Math.min(items.length, bound(stop))
  for (let index = bound(start); index < end; index += 1) if (isEqual(items[index], value)) return index
  throw valueError(type === 'list' ? `${reprOfValue(value)} is not in list` : 'tuple.index(x): x not in tuple')
}
