import { EclusaError } from '@eclusa/sdk'
import { ReferenceIndex } from '../compile/reference-index.ts'
import type { LoadedProject } from '../load-project.ts'
import { checksumOf, nodeDefaults } from '../manifest/node-defaults.ts'
import type { OperationNode } from '../manifest/node.ts'
import { parseTemplate } from '../parse/parse-template.ts'

const name = 'inline_query'

/**
 * The project with the SQL of `--inline` as one more node, which may use whatever a model may.
 *
 * @throws PROJECT_INVALID with the place in the text; SELECTION_INVALID for a ref that the project does not have.
 */
export function withInlineNode(project: LoadedProject, text: string): { project: LoadedProject; id: string } {
  const id = `sql_operation.${project.name}.${name}`
  const { database, schema } = project.scope.target
  const base = nodeDefaults('sql_operation', {
    database,
    schema,
    name,
    package_name: project.name,
    path: `sql/${name}`,
    original_file_path: `sql/${name}`,
    unique_id: id,
    fqn: [project.name, 'sql', name],
    checksum: checksumOf(text),
    raw_code: text,
    tags: [],
  })
  const parsed = parseTemplate({
    scope: project.scope,
    templates: [project.templates.parse(text, `sql/${name}`)],
    config: base.config,
    model: base,
  })
  const index = new ReferenceIndex(project)
  const parents = [
    ...parsed.refs.map((ref) => index.find(ref, project.name) ?? unknownReference(`ref('${ref.name}')`)),
    ...parsed.sources.map(
      ({ sourceName, tableName }) =>
        index.findSource(sourceName, tableName, project.name) ??
        unknownReference(`source('${sourceName}', '${tableName}')`),
    ),
  ]
  const node = {
    ...base,
    config: { ...base.config, ...parsed.config },
    depends_on: { macros: parsed.macros, nodes: [...new Set(parents.map((parent) => parent.unique_id))] },
  } as unknown as OperationNode
  return { project: { ...project, nodes: new Map([...project.nodes, [id, node]]) }, id }
}

function unknownReference(call: string): never {
  throw new EclusaError('SELECTION_INVALID', {
    message: `Error parsing inline query: it has ${call}, which the project does not have.`,
  })
}
