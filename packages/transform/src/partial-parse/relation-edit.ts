import type { ManifestRows } from '../artifact/manifest-text.ts'
import { FullParseNeeded } from './full-parse-needed.ts'
import { fresh, rowBytes } from './row-table.ts'
import type { RowOrigins } from './row-table.ts'
import type { SavedLookup } from './saved-lookup.ts'

/** An entry of the maps, with the sorted ids of what it needs. */
export interface Relative {
  readonly id: string
  readonly parents: readonly string[]
}

export interface RelationEdit {
  /** Where each row comes from, nodes first. */
  readonly origins: RowOrigins
  /** Those that are new. */
  readonly relatives: readonly Relative[]
  /** The ids of all rows. */
  readonly ids: readonly string[]
}

export interface RelationTables {
  readonly parent_map: ManifestRows
  readonly child_map: ManifestRows
}

/**
 * The two maps of a manifest after some of their rows were replaced: only the rows that differ are read and written.
 *
 * @throws FullParseNeeded for a circle
 */
export function editedRelations(former: readonly string[], lookup: SavedLookup, edit: RelationEdit): RelationTables {
  const { origins, relatives, ids } = edit
  const children = changedChildren(former, lookup, edit)
  refuseCircles(lookup, relatives, children)
  const parentRows = relatives.map(({ id, parents }) => rowBytes(id, parents))
  const childRows: Uint8Array[] = []
  const childOrigins = origins.map((origin, place) => {
    const id = ids[place]!
    const list = children.get(id)
    const known = origin >= 0 ? origin : lookup.place(id)
    if (list === undefined && known !== undefined) return known
    childRows.push(rowBytes(id, list ?? []))
    return fresh(childRows.length - 1)
  })
  return {
    parent_map: lookup.parents.rearranged(origins, parentRows),
    child_map: lookup.children.rearranged(childOrigins, childRows),
  }
}

/** The lists that are not as they were, sorted. */
function changedChildren(
  former: readonly string[],
  lookup: SavedLookup,
  { origins, relatives }: RelationEdit,
): Map<string, readonly string[]> {
  const [lost, gained] = [new Map<string, string[]>(), new Map<string, string[]>()]
  const isKept = new Uint8Array(former.length)
  for (const origin of origins) if (origin >= 0) isKept[origin] = 1
  for (let row = 0; row < former.length; row += 1) {
    const id = former[row]!
    if (isKept[row] === 0) for (const parent of lookup.parentsOf(id)) addTo(lost, parent, id)
  }
  for (const { id, parents } of relatives) for (const parent of parents) addTo(gained, parent, id)
  const changed = new Map<string, readonly string[]>()
  for (const parent of new Set([...lost.keys(), ...gained.keys()])) {
    const [removed, added] = [new Set(lost.get(parent)), new Set(gained.get(parent))]
    if (removed.size === added.size && [...removed].every((id) => added.has(id))) continue
    const kept = lookup.childrenOf(parent).filter((id) => !removed.has(id))
    changed.set(parent, [...new Set([...kept, ...added])].toSorted())
  }
  return changed
}

/** A circle has an edge that was not there, from what is needed by something. */
function refuseCircles(
  lookup: SavedLookup,
  relatives: readonly Relative[],
  children: ReadonlyMap<string, readonly string[]>,
): void {
  const parents = new Map(relatives.map((one) => [one.id, one.parents]))
  for (const { id, parents: own } of relatives) {
    const former = new Set(lookup.parentsOf(id))
    const isNeeded = (children.get(id) ?? lookup.childrenOf(id)).length > 0
    if (!isNeeded || own.every((parent) => former.has(parent))) continue
    const seen = new Set<string>()
    const open = [...own]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === id) throw new FullParseNeeded(`${id} needs itself`)
      if (seen.has(next)) continue
      seen.add(next)
      open.push(...(parents.get(next) ?? lookup.parentsOf(next)))
    }
  }
}

function addTo(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
