import type { LoadedProject } from '../load-project.ts'
import type { OperationNode } from '../manifest/node.ts'

/** A node for the context alone, where a macro is called that belongs to none. */
export function operationNode(project: LoadedProject, name: string, uniqueId = `macro.dbt.${name}`): OperationNode {
  const { target } = project.scope
  const facts = {
    resource_type: 'operation',
    name,
    alias: name,
    unique_id: uniqueId,
    package_name: project.name,
    database: target.database,
    schema: target.schema,
    path: '',
    original_file_path: '',
    config: { enabled: true, materialized: 'view', tags: [], meta: {} },
    depends_on: { macros: [uniqueId], nodes: [] },
    columns: {},
  }
  return facts as unknown as OperationNode
}
