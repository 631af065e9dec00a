import type { NodeCommand } from '../command/command-options.ts'
import type { LoadedProject } from '../load-project.ts'
import { isEphemeral } from '../manifest/node.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { Exposure, GraphEntry, UnitTest, UnrunEntry } from '../manifest/manifest.ts'

/** What a run goes through: nodes, unit tests, and what there is nothing to do for. */
export type RunEntry = Runnable | IdleEntry
/** Exposures and saved queries: dbt counts them when what they read was built. */
export type IdleEntry = Exposure | SavedQuery
export type SavedQuery = Omit<Exposure, 'resource_type'> & { readonly resource_type: 'saved_query' }
/** What the warehouse has to do with. */
export type Runnable = ManifestNode | UnitTest

const kindsOf: Partial<Readonly<Record<NodeCommand, readonly string[]>>> = {
  run: ['model'],
  test: ['test', 'unit_test'],
  seed: ['seed'],
  snapshot: ['snapshot'],
  clone: ['model', 'seed', 'snapshot'],
  build: ['model', 'test', 'unit_test', 'seed', 'snapshot', 'exposure', 'saved_query'],
}

/** Those of the selected entries that the command runs. */
export function runEntries(project: LoadedProject, ids: ReadonlySet<string>, command: NodeCommand): RunEntry[] {
  const kinds = kindsOf[command] ?? []
  const { unit_tests: unitTests, exposures, saved_queries: queries } = project.manifest
  // Of a saved query a run looks at no more than of an exposure.
  const idle = [
    ...Object.values(exposures),
    ...(Object.values(queries) as readonly UnrunEntry[] as readonly IdleEntry[]),
  ]
  const nodes = [...project.nodes.values()].filter(
    (node): node is ManifestNode => node.resource_type !== 'source' && !isEphemeral(node),
  )
  return [...nodes, ...Object.values(unitTests), ...idle].filter(
    (entry) => kinds.includes(entry.resource_type) && ids.has(entry.unique_id),
  )
}

export function isUnitTest(entry: RunEntry): entry is UnitTest {
  return entry.resource_type === 'unit_test'
}

export function isIdle(entry: GraphEntry | RunEntry): entry is IdleEntry {
  return entry.resource_type === 'exposure' || entry.resource_type === 'saved_query'
}
