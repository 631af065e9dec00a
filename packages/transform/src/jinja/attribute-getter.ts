import type { FilterEnvironment } from './frame.ts'
import { Undefined } from './undefined-value.ts'

interface GetterOptions {
  readonly ignoreCase?: boolean
  /** Takes the place of a value that is undefined. */
  readonly fallback?: unknown
}

/**
 * Reads what the argument `attribute` of a filter names: `a.b.0` is a path of attributes and indexes, a number is an
 * index, and none is the item itself.
 */
export function getter(
  env: FilterEnvironment,
  attribute: unknown,
  options: GetterOptions = {},
): (item: unknown) => unknown {
  const { ignoreCase = false, fallback } = options
  const path = pathOf(attribute)
  return (item) => {
    let value = item
    for (const key of path) {
      value = env.getItem(value, key)
      if (value instanceof Undefined && fallback !== undefined && fallback !== null) value = fallback
    }
    return ignoreCase && typeof value === 'string' ? value.toLowerCase() : value
  }
}

function pathOf(attribute: unknown): unknown[] {
  if (attribute === undefined || attribute === null) return []
  if (typeof attribute !== 'string') return [attribute]
  return attribute.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}
