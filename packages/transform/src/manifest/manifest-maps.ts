import type { Exposure, Group, UnitTest, UnrunEntry } from './manifest.ts'
import type { DependsOn, ManifestNode, SourceNode } from './node.ts'

export interface GraphEntries {
  readonly nodes: ReadonlyMap<string, ManifestNode>
  readonly sources: ReadonlyMap<string, SourceNode>
  readonly exposures: ReadonlyMap<string, Exposure>
  readonly unitTests: ReadonlyMap<string, UnitTest>
  readonly metrics: ReadonlyMap<string, UnrunEntry>
  readonly semanticModels: ReadonlyMap<string, UnrunEntry>
  readonly savedQueries: ReadonlyMap<string, UnrunEntry>
}

export interface RelationMaps {
  readonly parents: Readonly<Record<string, readonly string[]>>
  readonly children: Readonly<Record<string, readonly string[]>>
}

/** Who needs whom, both ways round, sorted as dbt's manifest has it; the keys of both stand in the same order. */
export function relationMaps(entries: GraphEntries): RelationMaps {
  const { nodes, sources, exposures, metrics, semanticModels, savedQueries, unitTests } = entries
  const unrun = [metrics, semanticModels, savedQueries, unitTests]
  const parents: Record<string, readonly string[]> = {}
  const children: Record<string, string[]> = {}
  const all = [nodes, sources, exposures, ...unrun].flatMap((map) => [...map.values()])
  for (const { unique_id: id } of all) children[id] = []
  for (const entry of all) {
    const ids = sortedParents(entry)
    parents[entry.unique_id] = ids
    for (const id of ids) (children[id] ??= []).push(entry.unique_id)
  }
  for (const list of Object.values(children)) list.sort()
  return { parents, children }
}

/** What an entry needs. */
export function sortedParents(entry: object): readonly string[] {
  const { depends_on: dependsOn } = entry as { readonly depends_on?: Partial<DependsOn> | null }
  return (dependsOn?.nodes ?? []).toSorted()
}

/** Which nodes each group owns. */
export function groupMap(
  { nodes, metrics, semanticModels, savedQueries }: Omit<GraphEntries, 'sources' | 'exposures' | 'unitTests'>,
  groups: ReadonlyMap<string, Group>,
): Record<string, string[]> {
  const map: Record<string, string[]> = {}
  for (const { name } of groups.values()) map[name] = []
  for (const { group, unique_id: id } of [nodes, semanticModels, metrics, savedQueries].flatMap((all) => [
    ...all.values(),
  ]))
    if (typeof group === 'string') (map[group] ??= []).push(id)
  return map
}
