import type { ManifestNode } from '../manifest/node.ts'
import type { DraftTest } from '../parse/load-tests.ts'
import { RowTable } from './row-table.ts'
import type { SavedPatch } from './saved-index.ts'
import type { SavedParse } from './saved-parse.ts'

/** Finds single things in what was kept, without reading the rest. */
export class SavedLookup {
  readonly nodes: RowTable
  readonly parents: RowTable
  readonly children: RowTable
  readonly patches: RowTable
  readonly #saved: SavedParse
  #places: ReadonlyMap<string, number> | undefined
  #patchPlaces: ReadonlyMap<string, number> | undefined

  constructor(saved: SavedParse) {
    this.#saved = saved
    const { rows } = saved.text
    this.nodes = new RowTable(rows.nodes)
    this.parents = new RowTable(rows.parent_map)
    this.children = new RowTable(rows.child_map)
    this.patches = new RowTable(saved.patches.rows)
  }

  /** The row of a node, or of another entry of the maps. */
  place(id: string): number | undefined {
    const { ids, others } = this.#saved.rows
    this.#places ??= placesOf(ids, others)
    return this.#places.get(id)
  }

  isNode(place: number): boolean {
    return place < this.#saved.rows.ids.length
  }

  parentsOf(id: string): readonly string[] {
    return this.#list(this.parents, id)
  }

  childrenOf(id: string): readonly string[] {
    return this.#list(this.children, id)
  }

  patchOf(origin: string): SavedPatch | undefined {
    this.#patchPlaces ??= placesOf(this.#saved.patches.origins)
    const place = this.#patchPlaces.get(origin)
    return place === undefined ? undefined : (this.patches.value(place) as SavedPatch)
  }

  /** The rows of nodes that refer to a node or source. */
  rowsOfChildren(id: string): number[] {
    return this.childrenOf(id).flatMap((child) => {
      const place = this.place(child)
      return place === undefined || !this.isNode(place) ? [] : [place]
    })
  }

  /** The tests of a node. */
  testsOf(id: string, isKept: (row: number) => boolean): DraftTest[] {
    const rows = this.rowsOfChildren(id).filter((row) => isKept(row))
    const { ids } = this.#saved.rows
    const tests = rows.filter((row) => ids[row]!.startsWith('test.')).map((row) => this.nodes.value(row))
    return (tests as DraftTest[]).filter(({ attached_node: attached }) => attached === id)
  }

  node(row: number): ManifestNode {
    return this.nodes.value(row) as ManifestNode
  }

  #list(table: RowTable, id: string): readonly string[] {
    const place = this.place(id)
    return place === undefined ? [] : (table.value(place) as readonly string[])
  }
}

function placesOf(...lists: readonly (readonly string[])[]): Map<string, number> {
  const places = new Map<string, number>()
  for (const list of lists) for (const one of list) places.set(one, places.size)
  return places
}
