import { PySet } from './python-collections.ts'
import { isSubset, iterate } from './python-object.ts'
import { reprOfValue } from './python-text.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { OperationError } from './template-error.ts'

export const setMethods = functionTable(
  new NativeFunction('add', 'item', (set: PySet, item: unknown) => set.add(item)),
  new NativeFunction('discard', 'item', (set: PySet, item: unknown) => {
    set.delete(item)
  }),
  new NativeFunction('remove', 'item', (set: PySet, item: unknown) => {
    if (!set.delete(item)) throw new OperationError('key', reprOfValue(item))
  }),
  new NativeFunction('pop', '', (set: PySet) => {
    const [first] = set
    if (set.size === 0) throw new OperationError('key', "'pop from an empty set'")
    set.delete(first)
    return first
  }),
  new NativeFunction('clear', '', (set: PySet) => set.clear()),
  new NativeFunction('copy', '', (set: PySet) => new PySet(set)),
  new NativeFunction('update', '*', (set: PySet, ...others: unknown[]) => {
    for (const item of others.flatMap((other) => [...iterate(other)])) set.add(item)
  }),
  new NativeFunction('union', '*', (set: PySet, ...others: unknown[]) => {
    return new PySet([...set, ...others.flatMap((other) => [...iterate(other)])])
  }),
  new NativeFunction('intersection', '*', (set: PySet, ...others: unknown[]) => keep(set, others, true)),
  new NativeFunction('difference', '*', (set: PySet, ...others: unknown[]) => keep(set, others, false)),
  new NativeFunction('difference_update', '*', (set: PySet, ...others: unknown[]) =>
    replace(set, keep(set, others, false)),
  ),
  new NativeFunction('intersection_update', '*', (set: PySet, ...others: unknown[]) =>
    replace(set, keep(set, others, true)),
  ),
  new NativeFunction('symmetric_difference', 'other', (set: PySet, other: unknown) => {
    const others = new PySet(iterate(other))
    return new PySet([...keep(set, [others], false), ...keep(others, [set], false)])
  }),
  new NativeFunction('issubset', 'other', (set: PySet, other: unknown) => isSubset(set, new PySet(iterate(other)))),
  new NativeFunction('issuperset', 'other', (set: PySet, other: unknown) => isSubset(new PySet(iterate(other)), set)),
  new NativeFunction('isdisjoint', 'other', (set: PySet, other: unknown) => keep(set, [other], true).size === 0),
)

/** The items that are in all of the others, or in none of them. */
function keep(set: PySet, others: readonly unknown[], inAll: boolean): PySet {
  const sets = others.map((other) => new PySet(iterate(other)))
  return new PySet([...set].filter((item) => sets.every((other) => other.has(item) === inAll)))
}

function replace(set: PySet, content: PySet): void {
  set.clear()
  for (const item of content) set.add(item)
}
