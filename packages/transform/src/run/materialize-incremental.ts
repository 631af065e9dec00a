import { EclusaError } from '@eclusa/sdk'
import type { RelationColumn, RelationName } from '@eclusa/warehouse'
import { listOf } from '../manifest/node-config.ts'
import { relationOf } from '../manifest/node.ts'
import { besides, execute } from './model-run.ts'
import type { ModelRun } from './model-run.ts'
import { materializeTable } from './materialize-table.ts'
import { inTransaction } from './transaction.ts'

const strategies = ['append', 'delete+insert', 'merge'] as const
type Strategy = (typeof strategies)[number]

const schemaChanges = ['ignore', 'fail', 'append_new_columns', 'sync_all_columns'] as const
type SchemaChange = (typeof schemaChanges)[number]

/**
 * Adds the query's rows to the table, in one transaction. The first time, on a full refresh, or where something else
 * stands in its place, the table is built anew. @returns rows written.
 */
export async function materializeIncremental(run: ModelRun): Promise<number> {
  const { existing, fullRefresh } = run
  const settings = readSettings(run)
  if (fullRefresh || existing?.kind !== 'table') return await materializeTable(run)
  return await inTransaction(run.connection, async () => {
    const source = besides(relationOf(run.node), '__dbt_tmp', run.dialect)
    await execute(run, run.dialect.dropRelation(source, 'table'))
    await execute(run, run.dialect.createTableAs(source, run.sql))
    const columns = await alignColumns(run, source, settings.onSchemaChange)
    const rows = await write(run, source, columns, settings)
    await execute(run, run.dialect.dropRelation(source, 'table'))
    return rows
  })
}

interface IncrementalSettings {
  readonly strategy: Strategy
  readonly uniqueKey: readonly string[]
  readonly onSchemaChange: SchemaChange
}

function readSettings({ node }: ModelRun): IncrementalSettings {
  const { config } = node
  const uniqueKey = listOf(config['unique_key'])
  const strategy = oneOf(
    strategies,
    'incremental_strategy',
    config['incremental_strategy'] ?? (uniqueKey.length > 0 ? 'delete+insert' : 'append'),
    node.original_file_path,
  )
  const onSchemaChange = oneOf(
    schemaChanges,
    'on_schema_change',
    config['on_schema_change'] ?? 'ignore',
    node.original_file_path,
  )
  if (strategy !== 'append' && uniqueKey.length === 0) {
    throw new EclusaError('MODEL_FAILED', {
      message: `Model ${node.name} (${node.original_file_path}): the incremental strategy "${strategy}" needs a unique_key.`,
    })
  }
  return { strategy, uniqueKey, onSchemaChange }
}

function oneOf<Name extends string>(names: readonly Name[], key: string, value: unknown, file: string): Name {
  const found = names.find((name) => name === value)
  if (found !== undefined) return found
  throw new EclusaError('MODEL_FAILED', {
    message: `${file}: ${key} is "${String(value)}"; this version knows ${names.join(', ')}.`,
  })
}

async function write(
  run: ModelRun,
  source: RelationName,
  columns: readonly string[],
  { strategy, uniqueKey }: IncrementalSettings,
): Promise<number> {
  const { dialect, node } = run
  const target = relationOf(node)
  if (strategy === 'append') {
    const list = columns.map((column) => dialect.quoteIdentifier(column)).join(', ')
    return await execute(
      run,
      `insert into ${dialect.formatRelation(target)} (${list}) select ${list} from ${dialect.formatRelation(source)}`,
    )
  }
  const key = uniqueKey.map((name) => columns.find((column) => column.toLowerCase() === name.toLowerCase()) ?? name)
  const statements =
    strategy === 'merge'
      ? dialect.merge({ target, source, key, columns })
      : dialect.deleteInsert({ target, source, key, columns })
  let rows = 0
  // The last statement is the insert; what a delete before it removed was not written.
  for (const statement of statements) rows = await execute(run, statement)
  return rows
}

/** Brings the table's columns in line with the query's as `on_schema_change` says. @returns the columns to write. */
async function alignColumns(run: ModelRun, source: RelationName, policy: SchemaChange): Promise<string[]> {
  const { dialect, connection, node } = run
  const [wanted, present] = [
    await dialect.listColumns(connection, source),
    await dialect.listColumns(connection, relationOf(node)),
  ]
  const has = (columns: readonly RelationColumn[], name: string) =>
    columns.some((column) => column.name.toLowerCase() === name.toLowerCase())
  const added = wanted!.filter(({ name }) => !has(present!, name))
  const missing = present!.filter(({ name }) => !has(wanted!, name))
  if (policy === 'fail' && added.length + missing.length > 0) throw schemaChanged(run, added, missing)
  if (policy === 'ignore') return present!.map(({ name }) => name)
  for (const { name, sqlType } of added) await execute(run, dialect.addColumn(relationOf(node), { name, sqlType }))
  if (policy === 'sync_all_columns') {
    for (const { name } of missing) await execute(run, dialect.dropColumn(relationOf(node), name))
  }
  return wanted!.map(({ name }) => name)
}

function schemaChanged(
  { node }: ModelRun,
  added: readonly RelationColumn[],
  missing: readonly RelationColumn[],
): EclusaError {
  const names = (columns: readonly RelationColumn[]) => columns.map(({ name }) => `"${name}"`).join(', ') || 'none'
  return new EclusaError('MODEL_FAILED', {
    message: `Model ${node.name} (${node.original_file_path}): its columns have changed and on_schema_change is "fail". New: ${names(added)}. Gone: ${names(missing)}.`,
    remedy: 'Run once with --full-refresh, or set on_schema_change to append_new_columns or sync_all_columns.',
  })
}
