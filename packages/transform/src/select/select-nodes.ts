import type { Graph } from '../manifest/graph.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { ManifestNode, ProjectNode, SourceNode } from '../manifest/node.ts'
import { selectEntries } from './select-entries.ts'

export interface Selection {
  /** Terms of `--select`; empty selects everything. */
  readonly select: readonly string[]
  readonly exclude: readonly string[]
}

/**
 * The unique ids that a selection of nodes and sources names, tests of what is selected included: dbt's `eager`.
 *
 * @throws SELECTION_INVALID for a method or a form that does not exist.
 */
export function selectNodes(
  nodes: ReadonlyMap<string, ProjectNode>,
  graph: Graph,
  { select, exclude }: Selection,
): ReadonlySet<string> {
  return selectEntries(manifestOf(nodes), graph, { select, exclude, indirectSelection: 'eager' })
}

/** As much of a manifest as a selection of nodes and sources looks at. */
function manifestOf(nodes: ReadonlyMap<string, ProjectNode>): Manifest {
  const entries = [...nodes]
  const isSource = (entry: [string, ProjectNode]): entry is [string, SourceNode] => entry[1].resource_type === 'source'
  const isNode = (entry: [string, ProjectNode]): entry is [string, ManifestNode] => !isSource(entry)
  return {
    metadata: {},
    nodes: Object.fromEntries(entries.filter(isNode)),
    sources: Object.fromEntries(entries.filter(isSource)),
    macros: {},
    docs: {},
    exposures: {},
    metrics: {},
    groups: {},
    selectors: {},
    disabled: {},
    parent_map: {},
    child_map: {},
    group_map: {},
    saved_queries: {},
    semantic_models: {},
    unit_tests: {},
  }
}
