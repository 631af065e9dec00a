import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream, WarehouseConnection } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationColumn, RelationName } from '@eclusa/warehouse'
import { foldIdentifier, isReservedIdentifier, ledgerSchema, loadingTableOf } from '../table/identifier.ts'
import { metadataColumnsOf } from '../table/metadata-column.ts'
import { planTable } from '../table/table-plan.ts'
import type { TablePlan } from '../table/table-plan.ts'
import type { Ledger, StreamRecord } from './ledger.ts'
import { obstacleToResuming } from './resumable-refresh.ts'

/** A stream and what the warehouse has of it. */
export interface InspectedStream {
  readonly configured: ConfiguredStream
  readonly table: RelationName
  readonly loadingTable: RelationName
  /** The table's columns; undefined when there is none yet, or none any more. */
  readonly columns: readonly RelationColumn[] | undefined
  /** Columns of a refresh that was interrupted and can go on. */
  readonly loadingColumns: readonly RelationColumn[] | undefined
  /** Where a refresh was being loaded before the stream moved to another table. */
  readonly orphan: RelationName | undefined
  readonly record: StreamRecord
  /** Whether a stored checkpoint of the stream still tells what the warehouse has. */
  readonly isCheckpointValid: boolean
  /** How the table follows the stream as it is configured now. */
  readonly plan: TablePlan
  readonly warnings: readonly string[]
}

export interface InspectionOptions {
  readonly streams: readonly ConfiguredStream[]
  readonly pipeline: string
  /** Where all tables go; by default each into the schema that its target names, or `main`. */
  readonly schemaOverride: string | undefined
}

const schemaDefault = 'main'

/**
 * Looks up what the warehouse has of each stream. Changes nothing.
 *
 * @param ledger undefined when the warehouse has none yet
 * @throws DESTINATION_TABLE_TAKEN, and whatever `planTable` throws; `details.stream` names the stream
 */
export async function inspectStreams(
  connection: WarehouseConnection,
  ledger: Ledger | undefined,
  options: InspectionOptions,
): Promise<InspectedStream[]> {
  const records = (await ledger?.streams()) ?? []
  const databases = await listDatabases(connection)
  const inspected: InspectedStream[] = []
  for (const configured of options.streams) {
    const record = records.find(({ stream }) => streamKey(stream) === streamKey(configured.stream))
    const one = await inspectStream({ connection, ledger, options, configured, databases, stored: record })
    refuseSharedTable(one, inspected)
    inspected.push(one)
  }
  return inspected
}

interface Databases {
  readonly current: string
  /** Folded names of all that are attached, DuckDB's own `system` and `temp` among them. */
  readonly names: ReadonlySet<string>
}

async function listDatabases(connection: WarehouseConnection): Promise<Databases> {
  const { rows } = await connection.query('SELECT current_database(), database_name FROM duckdb_databases()')
  return { current: String(rows[0]![0]), names: new Set(rows.map(([, name]) => foldIdentifier(String(name)))) }
}

/** The pipeline keeps targets apart, but `schema` of the configuration brings those of one name together again. */
function refuseSharedTable({ configured, table }: InspectedStream, others: readonly InspectedStream[]): void {
  const other = others.find((one) => isSameTable(one.table, table))
  if (other === undefined) return
  throw taken(configured.stream, table, `it is the table of stream ${streamKey(other.configured.stream)}`)
}

interface StreamInspection {
  readonly connection: WarehouseConnection
  readonly ledger: Ledger | undefined
  readonly options: InspectionOptions
  readonly configured: ConfiguredStream
  readonly databases: Databases
  readonly stored: StreamRecord | undefined
}

async function inspectStream(inspection: StreamInspection): Promise<InspectedStream> {
  const { connection, ledger, options, configured, databases } = inspection
  const table = tableOf(configured, options, databases)
  const loadingTable = { ...table, identifier: loadingTableOf(table.identifier) }
  const stored =
    inspection.stored !== undefined && isSameTable(inspection.stored.table, table) ? inspection.stored : undefined
  if (stored === undefined) await refuseTakenTable(inspection, table)
  const columns = await duckdbDialect.listColumns(connection, table)
  const { loadingColumns, obstacle } =
    stored?.loadingGenerationId === undefined
      ? {}
      : await inspectRefresh(inspection, { loadingTable, addsToTable: addsToTable(configured, columns) })
  const isOfKey = stored === undefined || isMergedByKey(configured, stored)
  const record: StreamRecord = {
    stream: configured.stream,
    table,
    generationId: stored?.generationId ?? 0,
    loadingGenerationId: loadingColumns === undefined ? undefined : stored?.loadingGenerationId,
    completedSequence: stored?.completedSequence ?? 0,
    mayRepeatKeys: stored?.mayRepeatKeys ?? false,
    mergeKey: stored?.mergeKey,
  }
  return {
    configured,
    table,
    loadingTable,
    columns,
    loadingColumns,
    orphan: stored === undefined ? orphanOf(inspection.stored, databases) : undefined,
    record,
    isCheckpointValid:
      isOfKey &&
      (stored?.loadingGenerationId === undefined
        ? stored !== undefined && columns !== undefined
        : loadingColumns !== undefined),
    plan: planTable({
      stream: configured.stream,
      columns: configured.schema.columns,
      metadata: metadataColumnsOf(configured),
      table: columns,
      versions: replacesAllRows(configured) ? new Map() : ((await ledger?.columnVersions(table)) ?? new Map()),
      policy: configured.schemaPolicy,
      replaces: replacesAllRows(configured),
    }),
    warnings: warningsOf(inspection, { table, columns, stored, obstacle }),
  }
}

/** False when rows were merged by another key until now: what was one row is several then, or the other way round. */
function isMergedByKey(configured: ConfiguredStream, { mergeKey }: StreamRecord): boolean {
  if (mergeKey === undefined || configured.destinationSyncMode !== 'append_dedup') return true
  const { primaryKey } = configured
  return mergeKey.length === primaryKey.length && mergeKey.every((column) => primaryKey.includes(column))
}

/** @returns the columns of the refresh that was interrupted, or why it cannot go on. */
async function inspectRefresh(
  { connection, ledger, configured }: StreamInspection,
  { loadingTable, addsToTable: follows }: { readonly loadingTable: RelationName; readonly addsToTable: boolean },
): Promise<{ loadingColumns?: readonly RelationColumn[]; obstacle?: string }> {
  const columns = await duckdbDialect.listColumns(connection, loadingTable)
  if (columns === undefined) return {}
  // A refresh that adds to a table follows that table, not the stream.
  if (follows) return { loadingColumns: columns }
  const versions = (await ledger?.columnVersions(loadingTable)) ?? new Map()
  const obstacle = obstacleToResuming(configured, { columns, versions })
  return obstacle === undefined ? { loadingColumns: columns } : { obstacle }
}

/** True when a refresh adds its rows to a table that is there already. */
export function addsToTable(
  { destinationSyncMode }: ConfiguredStream,
  columns: readonly RelationColumn[] | undefined,
): boolean {
  return destinationSyncMode === 'append' && columns !== undefined
}

function orphanOf(stored: StreamRecord | undefined, databases: Databases): RelationName | undefined {
  if (stored?.loadingGenerationId === undefined) return undefined
  return relationIn(stored.table.schema, loadingTableOf(stored.table.identifier), databases)
}

/** A stream that is read in full each time and does not append gets a table built anew. */
export function replacesAllRows({ syncMode, destinationSyncMode }: ConfiguredStream): boolean {
  return destinationSyncMode === 'overwrite' || (syncMode === 'full_refresh' && destinationSyncMode === 'append_dedup')
}

function tableOf(
  { stream, target }: ConfiguredStream,
  { schemaOverride }: InspectionOptions,
  databases: Databases,
): RelationName {
  const table = relationIn(schemaOverride ?? target.namespace ?? schemaDefault, target.name, databases)
  if (foldIdentifier(table.schema) === ledgerSchema || isReservedIdentifier(table.identifier)) {
    throw taken(stream, table, 'it is a name that eclusa keeps for itself')
  }
  return table
}

/** DuckDB takes `sales.orders` for ambiguous when a database is called `sales` too, as that of the file sales.duckdb. */
function relationIn(schema: string, identifier: string, { current, names }: Databases): RelationName {
  return names.has(foldIdentifier(schema)) ? { database: current, schema, identifier } : { schema, identifier }
}

async function refuseTakenTable({ connection, ledger, options, configured }: StreamInspection, table: RelationName) {
  const relations = await duckdbDialect.listRelations(connection, table.schema)
  const isThere = relations.some(({ name }) => foldIdentifier(name.identifier) === foldIdentifier(table.identifier))
  if (!isThere) return
  const aside = duckdbDialect.rename(table, 'table', `${table.identifier}_old`)
  const remedy = `Give the stream another \`target\`, or move the table away: ${aside}`
  const owner = await ledger?.ownerOf(table)
  if (owner === undefined)
    throw taken(configured.stream, table, 'it is there already, and eclusa did not make it', remedy)
  const whose = owner.pipeline === options.pipeline ? 'this pipeline' : `pipeline "${owner.pipeline}"`
  throw taken(configured.stream, table, `it belongs to stream ${streamKey(owner.stream)} of ${whose}`, remedy)
}

const anotherTarget = 'Give the stream another `target`.'

function taken(stream: ConfiguredStream['stream'], table: RelationName, why: string, remedy = anotherTarget) {
  return new EclusaError('DESTINATION_TABLE_TAKEN', {
    message: `Stream ${streamKey(stream)} cannot be written to ${duckdbDialect.formatRelation(table)}: ${why}.`,
    remedy,
    details: { stream: streamKey(stream), table: `${table.schema}.${table.identifier}` },
  })
}

interface Found {
  readonly table: RelationName
  readonly columns: readonly RelationColumn[] | undefined
  readonly stored: StreamRecord | undefined
  readonly obstacle: string | undefined
}

function warningsOf({ configured, stored }: StreamInspection, found: Found): string[] {
  const key = streamKey(configured.stream)
  const name = duckdbDialect.formatRelation(found.table)
  if (stored !== undefined && found.stored === undefined) {
    const old = duckdbDialect.formatRelation(stored.table)
    return [`Stream ${key} moves from ${old} to ${name} and is loaded anew; ${old} stays as it is.`]
  }
  const isLost = found.stored !== undefined && found.stored.generationId > 0 && found.columns === undefined
  return [
    ...(isLost ? [`Table ${name} was dropped by hand: stream ${key} is loaded anew.`] : []),
    ...(found.stored === undefined || isLost ? [] : keyWarnings(configured, found.stored)),
    ...(found.obstacle === undefined
      ? []
      : [`${found.obstacle} Its refresh was interrupted before: stream ${key} begins anew.`]),
  ]
}

function keyWarnings(configured: ConfiguredStream, stored: StreamRecord): string[] {
  if (replacesAllRows(configured) || isMergedByKey(configured, stored)) return []
  const [before, now] = [stored.mergeKey!, configured.primaryKey].map((key) => key.join(', '))
  return [
    `Rows of stream ${streamKey(configured.stream)} were merged by (${before}) until now, and its key is (${now}): it is loaded anew.`,
  ]
}

function isSameTable(left: RelationName, right: RelationName): boolean {
  return (
    foldIdentifier(left.schema) === foldIdentifier(right.schema) &&
    foldIdentifier(left.identifier) === foldIdentifier(right.identifier)
  )
}
