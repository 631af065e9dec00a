import { kindOf } from './site-data.ts'
import type { IndexEntry } from './site-data.ts'

export type Direction = 'parents' | 'children'

/** Who needs whom, by positions of entries. */
export class LineageGraph {
  readonly #parents: readonly (readonly number[])[]
  readonly #children: readonly number[][]

  constructor(entries: readonly Pick<IndexEntry, 'parents'>[]) {
    this.#parents = entries.map(({ parents = [] }) => parents)
    this.#children = entries.map(() => [])
    for (const [at, parents] of this.#parents.entries()) {
      for (const parent of parents) this.#children[parent]?.push(at)
    }
  }

  parents(at: number): readonly number[] {
    return this.#parents[at] ?? []
  }

  children(at: number): readonly number[] {
    return this.#children[at] ?? []
  }

  /** What can be reached in one direction within `depth` steps; the starts are not among it, unless by a way round. */
  reachable(starts: Iterable<number>, direction: Direction, depth = Infinity): Set<number> {
    const found = new Set<number>()
    let frontier = [...starts]
    for (let step = 0; step < depth && frontier.length > 0; step += 1) {
      const next: number[] = []
      for (const from of frontier) {
        for (const to of this[direction](from)) {
          if (found.has(to)) continue
          found.add(to)
          next.push(to)
        }
      }
      frontier = next
    }
    return found
  }
}

const testKinds = new Set(['test', 'unit_test'])

/** Kinds that stand in a lineage. */
export function isInLineage(entry: IndexEntry, withTests: boolean): boolean {
  const kind = kindOf(entry)
  return kind !== 'macro' && (withTests || !testKinds.has(kind))
}
