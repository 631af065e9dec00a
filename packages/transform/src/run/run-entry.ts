import type { NodeCommand } from '../command/command-options.ts'
import type { LoadedProject } from '../load-project.ts'
import { isEphemeral } from '../manifest/node.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { Exposure, UnitTest } from '../manifest/manifest.ts'

/** What a run goes through: nodes, unit tests, and exposures, for which there is nothing to do. */
export type RunEntry = Runnable | Exposure
/** What the warehouse has to do with. */
export type Runnable = ManifestNode | UnitTest

const kindsOf: Partial<Readonly<Record<NodeCommand, readonly string[]>>> = {
  run: ['model'],
  test: ['test', 'unit_test'],
  seed: ['seed'],
  snapshot: ['snapshot'],
  clone: ['model', 'seed', 'snapshot'],
  build: ['model', 'test', 'unit_test', 'seed', 'snapshot', 'exposure'],
}

/** Those of the selected entries that the command runs. */
export function runEntries(project: LoadedProject, ids: ReadonlySet<string>, command: NodeCommand): RunEntry[] {
  const kinds = kindsOf[command] ?? []
  const { unit_tests: unitTests, exposures } = project.manifest
  const nodes = [...project.nodes.values()].filter(
    (node): node is ManifestNode => node.resource_type !== 'source' && !isEphemeral(node),
  )
  return [...nodes, ...Object.values(unitTests), ...Object.values(exposures)].filter(
    (entry) => kinds.includes(entry.resource_type) && ids.has(entry.unique_id),
  )
}

export function isUnitTest(entry: RunEntry): entry is UnitTest {
  return entry.resource_type === 'unit_test'
}

export function isExposure(entry: RunEntry): entry is Exposure {
  return entry.resource_type === 'exposure'
}
