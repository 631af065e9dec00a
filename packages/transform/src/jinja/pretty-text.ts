import { asMapping } from './mapping.ts'
import { PyDict, PyTuple } from './python-collections.ts'
import { asItems, isOrdered } from './python-object.ts'
import { reprOfValue } from './python-text.ts'
import { OperationError } from './template-error.ts'

const widthMax = 80

/** Python's pprint.pformat, except that long strings are not broken: dict keys are sorted, long containers take a line per item. */
export function prettyText(value: unknown): string {
  return layOut(value, 0, 0)
}

function layOut(value: unknown, column: number, closing: number): string {
  const flat = reprOfValue(sorted(value))
  if (isNamed(value) || column + flat.length + closing <= widthMax) return flat
  const items = asItems(value)
  if (items && items.length > 0) {
    const isTuple = value instanceof PyTuple
    const end = isTuple && items.length === 1 ? ',)' : isTuple ? ')' : ']'
    const parts = items.map((item, index) =>
      layOut(item, column + 1, closingOf(index, items.length, closing + end.length)),
    )
    return (isTuple ? '(' : '[') + parts.join(`,\n${' '.repeat(column + 1)}`) + end
  }
  const mapping = asMapping(value)
  if (!mapping || mapping.size === 0) return flat
  const entries = sortEntries([...mapping.entries()])
  const parts = entries.map(([key, item], index) => {
    const head = `${reprOfValue(key)}: `
    return head + layOut(item, column + 1 + head.length, closingOf(index, entries.length, closing + 1))
  })
  return `{${parts.join(`,\n${' '.repeat(column + 1)}`)}}`
}

/** What follows an item on its line: the closing brackets after the last one, else a comma. */
function closingOf(index: number, count: number, closing: number): number {
  return index === count - 1 ? closing : 1
}

/** A named tuple prints itself, and nothing in it is laid out. */
function isNamed(value: unknown): boolean {
  return value instanceof PyTuple && value.fieldNames.length > 0
}

function sorted(value: unknown): unknown {
  if (isNamed(value)) return value
  if (Array.isArray(value)) return value.map(sorted)
  if (value instanceof PyTuple) return new PyTuple(value.items.map(sorted))
  const mapping = asMapping(value)
  if (!mapping) return value
  return new PyDict(sortEntries([...mapping.entries()]).map(([key, item]) => [key, sorted(item)]))
}

/** Keys that do not compare stay in their order. */
function sortEntries(entries: [unknown, unknown][]): [unknown, unknown][] {
  try {
    return entries.toSorted(([left], [right]) => (isOrdered('<', left, right) ? -1 : 1))
  } catch (error) {
    if (error instanceof OperationError) return entries
    throw error
  }
}
