import { fieldOf } from './entry-fields.ts'
import { textGlob } from './glob.ts'
import type { GraphEntry } from '../manifest/manifest.ts'

/**
 * The name alone, or its folders from the left, with or without the package in front. From the first part with a
 * wildcard on, the rest of the pattern is held against the rest of the name, so that `*` goes over any number of
 * folders. A version is reached by `name`, `name.v2` and `name_v2`.
 */
export function qualifiedNameMatcher(pattern: string): (entry: GraphEntry) => boolean {
  const parts = pattern.split('.')
  const wildcardAt = parts.findIndex((part) => /[*?[\]]/u.test(part))
  const rest = wildcardAt < 0 ? undefined : textGlob(parts.slice(wildcardAt).join('.'))
  const literals = wildcardAt < 0 ? parts : parts.slice(0, wildcardAt)

  const isPrefix = (fqn: readonly string[]) => {
    // A dot within a model's name separates, as it does in the pattern.
    const flat = fqn.flatMap((part) => part.split('.'))
    if (flat.length < parts.length || !literals.every((part, index) => flat[index] === part)) return false
    return rest?.(flat.slice(wildcardAt).join('.')) ?? true
  }
  return (entry) => {
    const { fqn } = entry
    const named = isVersioned(entry)
      ? fqn.at(-2) === pattern || fqn.slice(-2).join('_') === parts.slice(-2).join('_')
      : fqn.at(-1) === pattern
    return named || isPrefix(fqn) || isPrefix(fqn.slice(1))
  }
}

function isVersioned(entry: GraphEntry): boolean {
  return entry.resource_type === 'model' && (fieldOf(entry, 'version') ?? null) !== null
}
