import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { OperationError } from '../jinja/template-error.ts'
import type { LoadedProject } from '../load-project.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { ManifestNode } from '../manifest/node.ts'
import { inferCsv } from '../python/agate-csv.ts'
import type { AgateTable } from '../python/agate-table.ts'

/** The rows of a seed's file, with the types that dbt finds in them. */
export async function loadSeedTable(project: LoadedProject, node: ManifestNode): Promise<AgateTable> {
  if (node.resource_type !== 'seed') {
    throw new OperationError('runtime', `can only load_agate_table for seeds (got a ${node.resource_type})`)
  }
  const file = path.resolve(project.directory, node.root_path, node.original_file_path)
  const { delimiter, column_types: types } = node.config
  return inferCsv(await readFile(file, 'utf8'), {
    ...(typeof delimiter === 'string' ? { delimiter } : {}),
    ...(isRecord(types) ? { textColumns: Object.keys(types) } : {}),
  })
}
