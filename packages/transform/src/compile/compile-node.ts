import { EclusaError } from '@eclusa/sdk'
import type { AdapterSession } from '../adapter/adapter-session.ts'
import { renderTestArguments } from '../context/test-arguments.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { isEphemeral, parentsOf } from '../manifest/node.ts'
import type { ManifestNode, ModelNode, ProjectNode } from '../manifest/node.ts'
import { injectCommonTables } from './common-tables.ts'
import { nodeError, templateReason } from './node-error.ts'
import type { Batch, Overrides, RunScope, Substitutes } from './run-scope.ts'

export interface CompileOptions {
  readonly session: AdapterSession
  readonly batch?: Batch
  readonly substitutes?: Substitutes
  readonly overrides?: Overrides
  /** Names that override those of the context: what a unit test sets. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Default: true. Without it refs to ephemeral models stay names that nothing explains. */
  readonly injectsEphemeral?: boolean
  /** Told of the ephemeral models that were compiled on the way, each with its whole SQL. */
  onEphemeral?(node: ManifestNode, sql: string): void
}

/**
 * The SQL of a node, with the ephemeral models it needs as common table expressions in front. Nothing is sent to the
 * warehouse but what the template itself asks for.
 *
 * @throws TEMPLATE_FAILED with the place and the macro stack.
 */
export async function compileNode(run: RunScope, node: ManifestNode, options: CompileOptions): Promise<string> {
  const sql = await renderNode(run, node, options)
  if (options.injectsEphemeral === false) return sql
  const tables = new Map<string, { name: string; sql: string }>()
  for (const model of ephemeralAncestors(run, node)) {
    const table = { name: model.alias, sql: await renderNode(run, model, options) }
    tables.set(model.unique_id, table)
    const own = ephemeralAncestors(run, model).map(({ unique_id: id }) => tables.get(id)!)
    options.onEphemeral?.(model, injectCommonTables(table.sql, own))
  }
  return injectCommonTables(sql, [...tables.values()])
}

async function renderNode(run: RunScope, node: ManifestNode, options: CompileOptions): Promise<string> {
  const model = { ...node, ...(options.batch === undefined ? {} : { batch: options.batch }) }
  const { environment, templates } = run.project
  await run.lookForDeferred(options.session)
  let context = run.contextOf(node, model, options)
  try {
    if (node.resource_type === 'test' && node.test_metadata !== undefined) {
      const args = renderTestArguments(environment, node.test_metadata.kwargs, context)
      context = run.contextOf(node, model, { ...options, extra: { ...options.extra, _dbt_generic_test_kwargs: args } })
    }
    return await templates.of(node).renderAsync(context, { signal: run.signal })
  } catch (error) {
    throw templateFailed(node, error)
  }
}

/** Ephemeral models that a node reaches through ephemeral models only, each after those it needs itself. */
function ephemeralAncestors({ project }: RunScope, node: ProjectNode): ModelNode[] {
  const ordered = new Map<string, ModelNode>()
  const visit = (from: ProjectNode): void => {
    for (const id of parentsOf(from)) {
      const parent = project.nodes.get(id)
      if (parent?.resource_type !== 'model' || !isEphemeral(parent) || ordered.has(id)) continue
      visit(parent)
      ordered.set(id, parent)
    }
  }
  visit(node)
  return [...ordered.values()]
}

/** A template's failure as an error of the node; what the warehouse said, and anything else, as it is. */
export function templateFailed(node: ManifestNode, error: unknown): unknown {
  if (!(error instanceof TemplateError)) return error
  if (EclusaError.isInstance(error.cause)) return error.cause
  return new EclusaError('TEMPLATE_FAILED', {
    message: nodeError('Compilation', node, templateReason(error)),
    details: { node: node.unique_id, file: error.templateName, line: error.line, column: error.column },
    cause: error,
  })
}
