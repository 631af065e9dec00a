import type { GraphEntry } from '../manifest/manifest.ts'

export type EntryKind = 'node' | 'source' | 'other'

const otherTypes = new Set(['exposure', 'metric', 'unit_test', 'semantic_model', 'saved_query'])

/** Which of the manifest's groups the entry stands in: `node` for what a command can execute. */
export function kindOf({ resource_type: type }: GraphEntry): EntryKind {
  return type === 'source' ? 'source' : otherTypes.has(type) ? 'other' : 'node'
}

/** The value at a path of keys, undefined where there is none: entries of different kinds have different keys. */
export function fieldOf(entry: GraphEntry, ...path: readonly string[]): unknown {
  let value: unknown = entry
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Readonly<Record<string, unknown>>)[key]
  }
  return value
}

/** A field as text, empty where it is none. */
export function textOf(entry: GraphEntry, key: string): string {
  const value = fieldOf(entry, key)
  return typeof value === 'string' ? value : ''
}
