import { EclusaError } from '@eclusa/sdk'
import type { KeywordArguments } from '../jinja/protocol.ts'
import { OperationError, TemplateError } from '../jinja/template-error.ts'
import type { LoadedProject } from '../load-project.ts'
import { isEphemeral, parentsOf, relationOf } from '../manifest/node.ts'
import type { ModelNode, ProjectNode, SourceNode, TestNode } from '../manifest/node.ts'
import { injectCommonTables } from './common-tables.ts'
import { nodeContext } from '../context/node-context.ts'
import type { NodeScope } from '../context/scope.ts'
import { readReference, readSourceReference } from '../parse/parse-template.ts'
import { EphemeralValue, RelationValue } from '../context/relation-value.ts'
import { renderTestArguments } from '../context/test-arguments.ts'

/** What a run knows about a node that its template may ask for. */
export interface NodeFacts {
  readonly isIncremental: boolean
  readonly fullRefresh: boolean
  /** Sends a query of the template (`run_query`) to the warehouse. */
  runQuery(sql: string): Promise<unknown>
}

/**
 * The SQL of a model or a test, with the ephemeral models it needs as common table expressions in front. Nothing is
 * sent to the warehouse but what the template itself asks for.
 *
 * @throws TEMPLATE_FAILED with the place and the macro stack.
 */
export async function compileNode(
  project: LoadedProject,
  node: ModelNode | TestNode,
  facts: NodeFacts,
  signal: AbortSignal,
): Promise<string> {
  const sql = await renderNode(project, node, facts, signal)
  const tables: { name: string; sql: string }[] = []
  for (const model of ephemeralAncestors(project, node)) {
    tables.push({ name: model.name, sql: await renderNode(project, model, facts, signal) })
  }
  return injectCommonTables(sql, tables)
}

async function renderNode(
  project: LoadedProject,
  node: ModelNode | TestNode,
  facts: NodeFacts,
  signal: AbortSignal,
): Promise<string> {
  const { scope, environment } = project
  const nodeScope = executionScope(project, node, facts)
  let context = nodeContext(scope, nodeScope)
  try {
    if (node.resource_type === 'test' && node.test_metadata !== undefined) {
      const extra = { _dbt_generic_test_kwargs: renderTestArguments(environment, node.test_metadata.kwargs, context) }
      context = nodeContext(scope, { ...nodeScope, extra })
    }
    return await project.templates.of(node).renderAsync(context, { signal })
  } catch (error) {
    throw templateFailed(node, error)
  }
}

function executionScope(project: LoadedProject, node: ModelNode | TestNode, facts: NodeFacts): NodeScope {
  const { dialect } = project.scope
  return {
    execute: true,
    model: { ...node },
    config: { ...node.config, full_refresh: facts.fullRefresh },
    isIncremental: facts.isIncremental,
    thisRelation: node.resource_type === 'model' ? new RelationValue(relationOf(node), dialect) : null,
    ref: (args: readonly unknown[], _kwargs: KeywordArguments) => referenceValue(project, findModel(project, args)),
    source: (args) => referenceValue(project, findSource(project, args)),
    setConfig: () => {},
    runQuery: async (sql) => await facts.runQuery(sql),
  }
}

function referenceValue({ scope }: LoadedProject, node: ModelNode | SourceNode): unknown {
  if (isEphemeral(node)) return new EphemeralValue(node.name)
  return new RelationValue(relationOf(node), scope.dialect)
}

/** Parsing has seen every ref already; one that appears only now depends on data and could not be ordered. */
function findModel(project: LoadedProject, args: readonly unknown[]): ModelNode {
  const { name } = readReference(args)
  const node = project.nodes.get(`model.${project.name}.${name}`)
  if (node?.resource_type === 'model') return node
  throw new OperationError('runtime', `ref('${name}') names no model that exists and is enabled`)
}

function findSource(project: LoadedProject, args: readonly unknown[]): SourceNode {
  const { sourceName, tableName } = readSourceReference(args)
  const node = project.nodes.get(`source.${project.name}.${sourceName}.${tableName}`)
  if (node?.resource_type === 'source') return node
  throw new OperationError('runtime', `source('${sourceName}', '${tableName}') is not declared`)
}

/** Ephemeral models that a node reaches through ephemeral models only, each after those it needs itself. */
function ephemeralAncestors(project: LoadedProject, node: ProjectNode): ModelNode[] {
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

function templateFailed(node: ProjectNode, error: unknown): unknown {
  if (!(error instanceof TemplateError)) return error
  if (EclusaError.isInstance(error.cause)) return error.cause
  return new EclusaError('TEMPLATE_FAILED', {
    message: `${node.resource_type === 'test' ? 'Test' : 'Model'} ${node.name}: ${error.message}`,
    details: { node: node.unique_id, file: error.templateName, line: error.line, column: error.column },
    cause: error,
  })
}
