import type { LoadedProject } from '../load-project.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { ManifestNode, SourceNode } from '../manifest/node.ts'

/** The project's manifest. */
export function manifestOf(project: LoadedProject & { readonly manifest?: Manifest }): Manifest {
  return project.manifest ?? assembledManifest(project)
}

/** As much of a manifest as a project has that keeps none. */
function assembledManifest({ nodes, name }: LoadedProject): Manifest {
  const entries = [...nodes.values()]
  const byId = <Entry extends { readonly unique_id: string }>(items: readonly Entry[]) =>
    Object.fromEntries(items.map((item) => [item.unique_id, item]))
  return {
    metadata: { project_name: name },
    nodes: byId(entries.filter((node): node is ManifestNode => node.resource_type !== 'source')),
    sources: byId(entries.filter((node): node is SourceNode => node.resource_type === 'source')),
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
