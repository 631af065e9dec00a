import { resolve } from 'node:path'
import type { RelationName } from '@eclusa/warehouse'
import { callDirectly } from '../jinja/call.ts'
import { attributeOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { PyTuple } from '../jinja/python-collections.ts'
import { isTrue } from '../jinja/python-object.ts'
import { textOf } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { ColumnValue } from '../context/column-value.ts'
import { RelationValue } from '../context/relation-value.ts'
import { macroNamed } from '../context/macro-library.ts'
import { quotingOf } from '../context/scope.ts'
import type { BoundContext, ProjectScope } from '../context/scope.ts'
import { isRecord } from '../manifest/node-config.ts'
import { AgateTable } from '../python/agate-table.ts'
import { plainValue } from '../python/plain-value.ts'
import type { AdapterSession } from './adapter-session.ts'
import { duckdbFileMethods } from './duckdb-files.ts'
import type { Listing } from './relation-cache.ts'
import { schemaColumn } from './schema-column.ts'
import { checkSnapshotTarget, hardDeletesOf } from './snapshot-target.ts'
import { seedType, valueLists } from './seed-values.ts'
import { createSchema, listRelations, schemaExists } from './warehouse-macros.ts'

export interface AdapterOptions {
  readonly scope: ProjectScope
  readonly bound: BoundContext
  readonly session: AdapterSession
}

/** dbt's `adapter` while a node runs: everything goes through the node's session, and keeps the run's cache right. */
export class AdapterValue implements HostObject {
  readonly scope: ProjectScope
  readonly bound: BoundContext
  readonly session: AdapterSession
  readonly [typeNameOf] = 'RuntimeDatabaseWrapper'

  constructor({ scope, bound, session }: AdapterOptions) {
    this.scope = scope
    this.bound = bound
    this.session = session
  }

  [attributeOf](name: string): unknown {
    const method = methods.get(name)
    if (method !== undefined) return new BoundMethod(method, this)
    if (Object.hasOwn(this.bound.names, name)) return this.bound.names[name]
    throw new OperationError('runtime', `'adapter' has no method '${name}' for ${this.scope.target.type}`)
  }

  /** Calls a macro by its name, as the node would. */
  async macro(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const macro = macroNamed(this.bound.context, name)
    if (macro === undefined) throw new OperationError('runtime', `there is no macro '${name}'`)
    return await callDirectly(macro, args, {})
  }

  /** For the cache: what stands in a schema that it does not know yet. */
  get listing(): Listing {
    return async (schema) => await listRelations(this, schema)
  }

  async columnsOf(relation: RelationValue): Promise<readonly ColumnValue[]> {
    const columns = await this.macro('get_columns_in_relation', relation)
    return Array.isArray(columns) ? columns.filter((column) => column instanceof ColumnValue) : []
  }

  relation(path: { database: string | null; schema: string | null; identifier?: string | null }): RelationValue {
    const { dialect } = this.scope
    return new RelationValue({ path: { identifier: null, ...path }, quotePolicy: quotingOf(this.scope) }, dialect)
  }
}

const textOrNull = (value: unknown) => (value == null ? null : textOf(value))

async function dependentsOf(
  { scope: { dialect }, session }: AdapterValue,
  { path: { database, schema, identifier } }: RelationValue,
): Promise<readonly RelationName[]> {
  if (!dialect.viewsDependOnTables || schema === null || identifier === null) return []
  return await dialect.listDependents(session.connection, {
    ...(database !== null && { database }),
    schema,
    identifier,
  })
}

function relationGiven(method: string, value: unknown): RelationValue {
  if (value instanceof RelationValue) return value
  throw new OperationError('type', `'adapter.${method}' expects a Relation`)
}

const methods = functionTable(
  ...duckdbFileMethods,
  new NativeFunction(
    'execute',
    'sql auto_begin? fetch? limit?',
    async (self: AdapterValue, sql: unknown, autoBegin: unknown, fetch: unknown) => {
      const executed = await self.session.execute(textOf(sql), { autoBegin: isTrue(autoBegin ?? false) })
      const table = isTrue(fetch ?? false) ? tableOf(self, executed.result) : AgateTable.fromRows([], [])
      return new PyTuple([executed.response, table])
    },
  ),
  new NativeFunction(
    'add_query',
    'sql auto_begin? bindings? abridge_sql_log?',
    async (self: AdapterValue, sql: unknown, autoBegin: unknown) => {
      const executed = await self.session.execute(textOf(sql), { autoBegin: isTrue(autoBegin ?? true) })
      return new PyTuple([null, executed.response])
    },
  ),
  new NativeFunction('commit', '', async (self: AdapterValue) => {
    await self.session.commit()
    return ''
  }),
  new NativeFunction('get_relation', 'database schema identifier', getRelation),
  new NativeFunction('already_exists', 'schema name', async (self: AdapterValue, schema: unknown, name: unknown) =>
    Boolean(await getRelation(self, self.scope.target.database, schema, name)),
  ),
  new NativeFunction(
    'list_relations',
    'database schema',
    async (self: AdapterValue, database: unknown, schema: unknown) =>
      self.session.cache.list({ database: textOrNull(database), schema: textOrNull(schema) }, self.listing),
  ),
  new NativeFunction(
    'list_relations_without_caching',
    'schema_relation',
    async (self: AdapterValue, value: unknown) => {
      const { database, schema } = relationGiven('list_relations_without_caching', value)
      self.session.cache.forgetSchema({ database, schema })
      return await self.session.cache.list({ database, schema }, self.listing)
    },
  ),
  new NativeFunction('get_columns_in_relation', 'relation', async (self: AdapterValue, relation: unknown) => {
    try {
      return await self.macro('get_columns_in_relation', relation)
    } catch (error) {
      // DuckDB refuses to describe what is not there. Packages ask, and take no columns for the answer.
      if (self.scope.target.type === 'duckdb' && /does not exist/iu.test(String(error))) return []
      throw error
    }
  }),
  new NativeFunction('get_missing_columns', 'from_relation to_relation', missingColumns),
  new NativeFunction('expand_target_column_types', 'from_relation to_relation', expandColumnTypes),
  new NativeFunction('get_column_schema_from_query', 'sql', async (self: AdapterValue, sql: unknown) => {
    const { result } = await self.session.execute(textOf(sql), { autoBegin: false })
    return result.columns.map((column) => schemaColumn(column, self.scope.target.type))
  }),
  new NativeFunction(
    'check_schema_exists',
    'database schema',
    async (self: AdapterValue, database: unknown, schema: unknown) =>
      schemaExists(self, { database: textOrNull(database), schema: textOf(schema) }),
  ),
  new NativeFunction('create_schema', 'relation', async (self: AdapterValue, relation: unknown) => {
    await createSchema(self, relationGiven('create_schema', relation))
    return null
  }),
  new NativeFunction('drop_schema', 'relation', async (self: AdapterValue, value: unknown) => {
    const relation = relationGiven('drop_schema', value)
    await self.macro('drop_schema', relation)
    await self.session.commit()
    self.session.cache.forgetSchema(relation.path)
    return null
  }),
  new NativeFunction('drop_relation', 'relation', async (self: AdapterValue, value: unknown) => {
    const relation = relationGiven('drop_relation', value)
    if (relation.type === null) {
      throw new OperationError('runtime', `Tried to drop relation ${relation.render()}, but its type is null.`)
    }
    // They would be taken for there by whoever comes to them later in the run.
    const dependents = await dependentsOf(self, relation)
    await self.macro('drop_relation', relation)
    for (const { database = null, schema, identifier } of dependents) {
      await self.session.cacheDropped({ database, schema, identifier })
    }
    await self.session.cacheDropped(relation.path)
    return null
  }),
  new NativeFunction('truncate_relation', 'relation', async (self: AdapterValue, relation: unknown) => {
    await self.macro('truncate_relation', relationGiven('truncate_relation', relation))
    return null
  }),
  new NativeFunction(
    'rename_relation',
    'from_relation to_relation',
    async (self: AdapterValue, from: unknown, to: unknown) => {
      const [source, target] = [relationGiven('rename_relation', from), relationGiven('rename_relation', to)]
      await self.macro('rename_relation', source, target)
      await self.session.cacheDropped(source.path)
      await self.session.cacheAdded(target.type === null ? target.with({ type: source.type }) : target)
      return null
    },
  ),
  new NativeFunction('cache_added', 'relation', async (self: AdapterValue, relation: unknown) => {
    if (relation != null) await self.session.cacheAdded(relationGiven('cache_added', relation))
    return ''
  }),
  new NativeFunction('cache_dropped', 'relation', async (self: AdapterValue, relation: unknown) => {
    if (relation != null) await self.session.cacheDropped(relationGiven('cache_dropped', relation).path)
    return ''
  }),
  new NativeFunction(
    'cache_renamed',
    'from_relation to_relation',
    async (self: AdapterValue, from: unknown, to: unknown) => {
      await self.session.cacheDropped(relationGiven('cache_renamed', from).path)
      await self.session.cacheAdded(relationGiven('cache_renamed', to))
      return ''
    },
  ),
  new NativeFunction(
    'valid_snapshot_target',
    'relation column_names?',
    async (self: AdapterValue, relation: unknown, names: unknown) => {
      const columns = await self.columnsOf(relationGiven('valid_snapshot_target', relation))
      checkSnapshotTarget(columns, plainValue(names))
      return null
    },
  ),
  new NativeFunction(
    'assert_valid_snapshot_target_given_strategy',
    'relation column_names strategy',
    async (self: AdapterValue, relation: unknown, names: unknown, strategy: unknown) => {
      const columns = await self.columnsOf(relationGiven('valid_snapshot_target', relation))
      const plain = plainValue(strategy)
      checkSnapshotTarget(columns, plainValue(names), isRecord(plain) && plain['hard_deletes'] === 'new_record')
      return null
    },
  ),
  new NativeFunction('get_hard_deletes_behavior', 'config', (_self: AdapterValue, config: unknown) =>
    hardDeletesOf(config),
  ),
  new NativeFunction('valid_incremental_strategies', '', (self: AdapterValue) => [
    ...strategiesOf[self.scope.target.type],
  ]),
  new NativeFunction('get_incremental_strategy_macro', 'model_context strategy?', incrementalStrategyMacro),
  new NativeFunction('convert_type', 'agate_table col_idx', (self: AdapterValue, table: AgateTable, index: unknown) =>
    seedType(table, Number(index), self.scope.target.type),
  ),
  new NativeFunction('get_seed_file_path', 'model', (_self: AdapterValue, model: unknown) => {
    const { root_path: root, original_file_path: file } = plainValue(model) as Readonly<Record<string, unknown>>
    return resolve(textOf(root ?? ''), textOf(file))
  }),
  // Ours: the rows of a seed as lists of literals, a batch each.
  new NativeFunction(
    'seed_value_lists',
    'agate_table batch_size',
    (self: AdapterValue, table: AgateTable, size: unknown) => valueLists(table, Number(size), self.scope.dialect),
  ),
)

function tableOf(self: AdapterValue, result: Parameters<typeof AgateTable.fromQuery>[0]): AgateTable {
  return AgateTable.fromQuery(result, (text) => self.scope.log.info(text))
}

async function getRelation(
  self: AdapterValue,
  database: unknown,
  schema: unknown,
  identifier: unknown,
): Promise<RelationValue | null> {
  const path = { database: textOrNull(database), schema: textOrNull(schema), identifier: textOrNull(identifier) }
  const found = await self.session.cache.get(path, self.listing)
  if (found === undefined || !self.scope.dialect.identifiersAreCaseSensitive) return found ?? null
  // dbt refuses here, because its next statement would meet another relation than the one that was asked for.
  if (quotingOf(self.scope).identifier && found.identifier !== path.identifier) {
    throw new OperationError(
      'runtime',
      `When searching for a relation, dbt found an approximate match. Instead of guessing which relation to use, dbt will move on. Please delete ${found.render()}, or rename it to be less ambiguous. Searched for: ${self.relation(path).render()}`,
    )
  }
  return found
}

async function missingColumns(self: AdapterValue, from: unknown, to: unknown): Promise<readonly ColumnValue[]> {
  const columns = await self.columnsOf(relationGiven('get_missing_columns', from))
  const known = await self.columnsOf(relationGiven('get_missing_columns', to))
  return columns.filter(({ name }) => !known.some((column) => column.name === name))
}

/** Widens the text columns of a table that is to take longer values. */
async function expandColumnTypes(self: AdapterValue, from: unknown, to: unknown): Promise<null> {
  const [source, target] = [
    relationGiven('expand_target_column_types', from),
    relationGiven('expand_target_column_types', to),
  ]
  const wanted = await self.columnsOf(source)
  const present = new Map((await self.columnsOf(target)).map((column) => [column.name, column]))
  for (const column of wanted) {
    if (present.get(column.name)?.canExpandTo(column) !== true) continue
    await self.macro('alter_column_type', target, column.name, `character varying(${column.stringSize()})`)
  }
  return null
}

const builtinStrategies = ['append', 'delete+insert', 'merge', 'insert_overwrite', 'microbatch']
const strategiesOf: Readonly<Record<ProjectScope['target']['type'], readonly string[]>> = {
  duckdb: ['append', 'delete+insert', 'merge', 'microbatch'],
  postgres: ['append', 'delete+insert', 'merge', 'microbatch'],
  snowflake: ['append', 'delete+insert', 'merge', 'insert_overwrite', 'microbatch'],
}

/** A project's own strategy `x` is its macro `get_incremental_x_sql`. */
function incrementalStrategyMacro(self: AdapterValue, _context: unknown, given: unknown): unknown {
  const strategy = given == null ? 'default' : textOf(given)
  const { type } = self.scope.target
  if (builtinStrategies.includes(strategy) && !strategiesOf[type].includes(strategy)) {
    throw new OperationError('runtime', `The incremental strategy '${strategy}' is not valid for this adapter`)
  }
  const name = `get_incremental_${strategy.replace('+', '_')}_sql`
  const macro = self.bound.context[name]
  if (macro !== undefined) return macro
  throw new OperationError(
    'runtime',
    `dbt could not find an incremental strategy macro with the name "${name}" in ${self.scope.projectName}`,
  )
}
