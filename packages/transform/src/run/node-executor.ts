import { EclusaError } from '@eclusa/sdk'
import type { WarehouseConnection } from '@eclusa/sdk'
import type { Relation } from '@eclusa/warehouse'
import { compileNode } from '../compile/compile-node.ts'
import type { LoadedProject } from '../load-project.ts'
import { relationOf } from '../manifest/node.ts'
import type { ModelNode, TestNode } from '../manifest/node.ts'
import { artifactPath, writeArtifact } from './artifact-files.ts'
import { runDataTest, testQuery } from './data-test.ts'
import { materializeIncremental } from './materialize-incremental.ts'
import { materializeTable } from './materialize-table.ts'
import { materializeView } from './materialize-view.ts'
import type { ModelRun } from './model-run.ts'
import type { NodeResult } from './node-result.ts'
import { ResultTable } from '../python/result-table.ts'
import type { SessionPool } from './session-pool.ts'

type Outcome = Omit<NodeResult, 'uniqueId' | 'name' | 'resourceType' | 'durationMs'>

const materializations: Readonly<Record<string, (run: ModelRun) => Promise<number | undefined>>> = {
  table: materializeTable,
  view: materializeView,
  incremental: materializeIncremental,
}

/** Compiles a node and does at the warehouse what it asks for. */
export class NodeExecutor {
  readonly #project: LoadedProject
  readonly #sessions: SessionPool
  readonly #options: { readonly fullRefresh?: boolean; readonly signal: AbortSignal }

  constructor(
    project: LoadedProject,
    sessions: SessionPool,
    options: { readonly fullRefresh?: boolean; readonly signal: AbortSignal },
  ) {
    this.#project = project
    this.#sessions = sessions
    this.#options = options
  }

  /** Before any model runs, so that two of one schema do not create it at the same time. */
  async createSchemas(models: readonly ModelNode[]): Promise<void> {
    const { dialect } = this.#project.scope
    const schemas = new Map(models.map((node) => [`${node.database}.${node.schema}`, relationOf(node)]))
    await this.#sessions.use(async (connection) => {
      for (const { schema, database } of schemas.values())
        await connection.query(dialect.createSchema(schema, database))
    })
  }

  async run(node: ModelNode | TestNode): Promise<Outcome> {
    return await this.#sessions.use(async (connection) =>
      node.resource_type === 'model' ? await this.#runModel(node, connection) : await this.#runTest(node, connection),
    )
  }

  async #runModel(node: ModelNode, connection: WarehouseConnection): Promise<Outcome> {
    const materialize = materializations[node.config.materialized]
    if (materialize === undefined) throw unknownMaterialization(node)
    const existing = await this.#findRelation(node, connection)
    const fullRefresh =
      node.config['full_refresh'] === undefined
        ? this.#options.fullRefresh === true
        : node.config['full_refresh'] === true
    const isIncremental = node.config.materialized === 'incremental' && existing?.kind === 'table' && !fullRefresh
    const sql = await this.#compile(node, connection, { isIncremental, fullRefresh })
    const { dialect, log } = this.#project.scope
    const rows = await this.#told(
      node,
      async () =>
        await materialize({
          node,
          sql,
          dialect,
          connection,
          existing,
          fullRefresh,
          signal: this.#options.signal,
          warn: (message) => log.warn(message),
        }),
    )
    return { status: 'success', ...(rows === undefined ? {} : { rows }) }
  }

  async #runTest(node: TestNode, connection: WarehouseConnection): Promise<Outcome> {
    const sql = await this.#compile(node, connection, { isIncremental: false, fullRefresh: false })
    await writeArtifact(this.#project, node, 'run', testQuery(node, sql))
    return await this.#told(
      node,
      async () => await runDataTest({ node, sql, connection, signal: this.#options.signal }),
    )
  }

  async #compile(
    node: ModelNode | TestNode,
    connection: WarehouseConnection,
    facts: { readonly isIncremental: boolean; readonly fullRefresh: boolean },
  ): Promise<string> {
    const { signal } = this.#options
    const runQuery = async (sql: string) => new ResultTable(await connection.query(sql, { signal }))
    const sql = await compileNode(this.#project, node, { ...facts, runQuery }, signal)
    await writeArtifact(this.#project, node, 'compiled', sql)
    return sql
  }

  async #findRelation(node: ModelNode, connection: WarehouseConnection): Promise<Relation | undefined> {
    const relation = relationOf(node)
    const { dialect } = this.#project.scope
    const fold = (name: string) => (dialect.identifiersAreCaseSensitive ? name : name.toLowerCase())
    const relations = await dialect.listRelations(connection, relation.schema, relation.database)
    return relations.find(({ name }) => fold(name.identifier) === fold(relation.identifier))
  }

  /** Says which node and which file a warehouse's complaint belongs to. */
  async #told<Result>(node: ModelNode | TestNode, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (!EclusaError.isInstance(error) || error.code !== 'WAREHOUSE_STATEMENT_FAILED') throw error
      throw new EclusaError('MODEL_FAILED', {
        message: `${node.resource_type === 'model' ? 'Model' : 'Test'} ${node.name} (${node.original_file_path}): ${error.message}`,
        remedy: `Correct the SQL; the compiled text is in ${artifactPath(this.#project, node, 'compiled')}.`,
        details: { ...error.details, node: node.unique_id },
        cause: error,
      })
    }
  }
}

function unknownMaterialization(node: ModelNode): EclusaError {
  return new EclusaError('MODEL_FAILED', {
    message: `Model ${node.name} (${node.original_file_path}): there is no materialization "${node.config.materialized}"; this version knows ${Object.keys(materializations).join(', ')} and ephemeral.`,
  })
}
