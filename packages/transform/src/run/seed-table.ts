import type { LoadedProject } from '../load-project.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { AgateTable } from '../python/agate-table.ts'
import { OperationError } from '../jinja/template-error.ts'

/** The rows of a seed's file, with the types that dbt finds in them. */
export async function loadSeedTable(_project: LoadedProject, node: ManifestNode): Promise<AgateTable> {
  throw new OperationError('runtime', `can only load_agate_table for seeds (got a ${node.resource_type})`)
}
