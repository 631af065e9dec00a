import type { Exposure, Group, UnitTest } from './manifest.ts'
import type { ManifestNode, SourceNode } from './node.ts'

export interface GraphEntries {
  readonly nodes: ReadonlyMap<string, ManifestNode>
  readonly sources: ReadonlyMap<string, SourceNode>
  readonly exposures: ReadonlyMap<string, Exposure>
  readonly unitTests: ReadonlyMap<string, UnitTest>
}

export interface RelationMaps {
  readonly parents: Readonly<Record<string, readonly string[]>>
  readonly children: Readonly<Record<string, readonly string[]>>
}

/** Who needs whom, both ways round, sorted as dbt's manifest has it. */
export function relationMaps({ nodes, sources, exposures, unitTests }: GraphEntries): RelationMaps {
  const parents: Record<string, readonly string[]> = {}
  const children: Record<string, string[]> = {}
  for (const entry of [...nodes.values(), ...sources.values(), ...exposures.values(), ...unitTests.values()]) {
    const ids = 'depends_on' in entry ? (entry.depends_on.nodes ?? []) : []
    parents[entry.unique_id] = ids.toSorted()
    children[entry.unique_id] ??= []
    for (const id of ids) (children[id] ??= []).push(entry.unique_id)
  }
  for (const list of Object.values(children)) list.sort()
  return { parents, children }
}

/** Which nodes each group owns. */
export function groupMap(
  nodes: ReadonlyMap<string, ManifestNode>,
  groups: ReadonlyMap<string, Group>,
): Record<string, string[]> {
  const map: Record<string, string[]> = {}
  for (const { name } of groups.values()) map[name] = []
  for (const { group, unique_id: id } of nodes.values()) if (group !== null) (map[group] ??= []).push(id)
  return map
}
