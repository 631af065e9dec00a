import { EclusaError } from '@eclusa/sdk'
import { TemplateError } from '../jinja/template-error.ts'
import type { ManifestNode } from '../manifest/node.ts'

/**
 * A complaint of the warehouse, or of a macro that built the node, as an error that says which node and which file it
 * belongs to, in dbt's form: a first line with both, then the reason. Anything else stays as it is.
 *
 * @param compiledPath where the node's SQL was written
 */
export function nodeFailed(node: ManifestNode, error: unknown, compiledPath: string): unknown {
  if (!EclusaError.isInstance(error)) return error
  if (error.code !== 'WAREHOUSE_STATEMENT_FAILED' && error.code !== 'TEMPLATE_FAILED') return error
  const head = `${kindOf(error)} Error in ${node.resource_type} ${node.name} (${node.original_file_path})`
  const place = error.code === 'WAREHOUSE_STATEMENT_FAILED' ? [`compiled code at ${compiledPath}`] : []
  const lines = [...reasonOf(error).split('\n'), ...place]
  return new EclusaError('MODEL_FAILED', {
    message: [head, ...lines.map((line) => (line === '' ? '' : `  ${line}`))].join('\n'),
    remedy: `Correct the SQL; the compiled text is in ${compiledPath}.`,
    details: { ...error.details, node: node.unique_id },
    cause: error,
  })
}

/** dbt's words for who complains: its DuckDB adapter passes errors on as its own. */
function kindOf(error: EclusaError): string {
  if (error.code === 'TEMPLATE_FAILED') return 'Compilation'
  return /^[0-9A-Z]{5}$/u.test(String(error.details['code'])) ? 'Database' : 'Runtime'
}

function reasonOf(error: EclusaError): string {
  if (error.cause instanceof TemplateError) return error.cause.message
  return error.message
}
