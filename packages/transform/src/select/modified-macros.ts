import { fieldOf } from './entry-fields.ts'
import type { GraphEntry, Manifest } from '../manifest/manifest.ts'

/**
 * Macros whose text changed, came or went, and what is built with them, however indirectly.
 *
 * Those of our own library do not count: a manifest that dbt wrote has other texts under the same ids, and everything
 * would look changed on the day a project moves.
 */
export class ModifiedMacros {
  readonly #manifest: Manifest
  readonly #modified: ReadonlySet<string>
  /** Answers by macro; one that is being looked at counts as unchanged, which ends circles. */
  readonly #answers = new Map<string, boolean>()

  constructor(manifest: Manifest, previous: Manifest) {
    this.#manifest = manifest
    const ids = new Set([...Object.keys(manifest.macros), ...Object.keys(previous.macros)])
    const text = ({ macros }: Manifest, id: string) => macros[id]?.macro_sql
    this.#modified = new Set([...ids].filter((id) => !isLibraryMacro(id) && text(manifest, id) !== text(previous, id)))
  }

  /** Whether the entry is rendered with one of them. */
  isBelow(entry: GraphEntry): boolean {
    if (this.#modified.size === 0) return false
    const macros = fieldOf(entry, 'depends_on', 'macros')
    return Array.isArray(macros) && (macros as string[]).some((id) => this.#isAffected(id))
  }

  #isAffected(id: string): boolean {
    const known = this.#answers.get(id)
    if (known !== undefined) return known
    if (this.#modified.has(id)) return true
    this.#answers.set(id, false)
    const answer = (this.#manifest.macros[id]?.depends_on.macros ?? []).some((below) => this.#isAffected(below))
    this.#answers.set(id, answer)
    return answer
  }
}

function isLibraryMacro(id: string): boolean {
  return /^macro\.dbt(?:_(?:duckdb|postgres|snowflake))?\./u.test(id)
}
