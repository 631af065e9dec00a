import { EclusaError } from '@eclusa/sdk'
import { nodeError, templateReason } from '../compile/node-error.ts'
import { TemplateError } from '../jinja/template-error.ts'
import type { ManifestNode } from '../manifest/node.ts'
import { complaintOf } from './warehouse-complaint.ts'

export interface FailurePlace {
  /** Where the node's SQL was written. */
  readonly compiledPath: string
  readonly compiledCode: string | undefined
}

/**
 * A complaint of the warehouse, or of a macro that built the node, as an error that says which node and which file it
 * belongs to, in dbt's form: a first line with both, then the reason. Anything else stays as it is.
 */
export function nodeFailed(node: ManifestNode, error: unknown, { compiledPath, compiledCode }: FailurePlace): unknown {
  if (!EclusaError.isInstance(error)) return error
  if (error.code !== 'WAREHOUSE_STATEMENT_FAILED' && error.code !== 'TEMPLATE_FAILED') return error
  const reason = error.cause instanceof TemplateError ? templateReason(error.cause) : complaintOf(error, compiledCode)
  return new EclusaError('MODEL_FAILED', {
    message: nodeError(kindOf(error), node, reason),
    remedy: `Correct the SQL; the compiled text is in ${compiledPath}.`,
    details: { ...error.details, message: undefined, node: node.unique_id },
    cause: error,
  })
}

/** dbt's words for who complains: its DuckDB adapter passes errors on as its own. */
function kindOf(error: EclusaError): 'Compilation' | 'Database' | 'Runtime' {
  if (error.code === 'TEMPLATE_FAILED') return 'Compilation'
  return /^[0-9A-Z]{5}$/u.test(String(error.details['code'])) ? 'Database' : 'Runtime'
}
