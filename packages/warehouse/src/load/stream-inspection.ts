import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream, StreamName } from '@eclusa/sdk'
import type { Relation, RelationColumn, RelationName } from '../relation.ts'
import { metadataColumnsOf } from './metadata-column.ts'
import { isReservedIdentifier, ledgerSchema, loadingTableOf } from './reserved-name.ts'
import { obstacleToResuming } from './resumable-refresh.ts'
import type { StreamRecord } from './stream-record.ts'
import { planTable } from './table-plan.ts'
import type { TablePlan } from './table-plan.ts'
import { foldCase } from './table-rules.ts'
import type { TableRules } from './table-rules.ts'

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

/** What the warehouse's catalog and eclusa's ledger say. */
export interface InspectedWarehouse {
  readonly rules: TableRules
  /** Undefined when there is no such table. */
  readonly columnsOf: (table: RelationName) => Promise<readonly RelationColumn[] | undefined>
  readonly relationsIn: (schema: string) => Promise<readonly Relation[]>
  /** The whole name of a table of a schema, as statements write it. */
  readonly relationIn: (schema: string, identifier: string) => RelationName
  /** Undefined when there is none yet. */
  readonly ledger: InspectedLedger | undefined
}

export interface InspectedLedger {
  streams(): Promise<readonly StreamRecord[]>
  /** Of a table's columns, those that are versions: their folded names, in the order of their making. */
  columnVersions(table: RelationName): Promise<ReadonlyMap<string, string>>
  /** The pipeline and stream that a table belongs to; undefined when eclusa did not make it. */
  ownerOf(table: RelationName): Promise<{ pipeline: string; stream: StreamName } | undefined>
}

export interface InspectionOptions {
  readonly streams: readonly ConfiguredStream[]
  readonly pipeline: string
  /** Where all tables go; by default each into the schema that its target names. */
  readonly schemaOverride: string | undefined
  /** Where tables go whose target names no schema. */
  readonly schemaDefault: string
}

/**
 * Looks up what the warehouse has of each stream. Changes nothing.
 *
 * @throws DESTINATION_TABLE_TAKEN, and whatever `planTable` throws; `details.stream` names the stream
 */
export async function inspectStreams(
  warehouse: InspectedWarehouse,
  options: InspectionOptions,
): Promise<InspectedStream[]> {
  const records = (await warehouse.ledger?.streams()) ?? []
  const inspected: InspectedStream[] = []
  for (const configured of options.streams) {
    const record = records.find(({ stream }) => streamKey(stream) === streamKey(configured.stream))
    const one = await inspectStream({ warehouse, options, configured, stored: record })
    refuseSharedTable(warehouse.rules, one, inspected)
    inspected.push(one)
  }
  return inspected
}

/** The pipeline keeps targets apart, but `schema` of the configuration brings those of one name together again. */
function refuseSharedTable(
  rules: TableRules,
  { configured, table }: InspectedStream,
  others: readonly InspectedStream[],
): void {
  const other = others.find((one) => isSameTable(rules, one.table, table))
  if (other === undefined) return
  throw taken(
    rules,
    { stream: configured.stream, table },
    `it is the table of stream ${streamKey(other.configured.stream)}`,
  )
}

interface StreamInspection {
  readonly warehouse: InspectedWarehouse
  readonly options: InspectionOptions
  readonly configured: ConfiguredStream
  readonly stored: StreamRecord | undefined
}

async function inspectStream(inspection: StreamInspection): Promise<InspectedStream> {
  const { warehouse, configured } = inspection
  const { rules, ledger } = warehouse
  const table = tableOf(inspection)
  const loadingTable = { ...table, identifier: loadingTableOf(rules, table.identifier) }
  const stored =
    inspection.stored !== undefined && isSameTable(rules, inspection.stored.table, table)
      ? inspection.stored
      : undefined
  if (stored === undefined) await refuseTakenTable(inspection, table)
  const columns = await warehouse.columnsOf(table)
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
    orphan: stored === undefined ? orphanOf(inspection.stored, warehouse) : undefined,
    record,
    isCheckpointValid:
      isOfKey &&
      (stored?.loadingGenerationId === undefined
        ? stored !== undefined && columns !== undefined
        : loadingColumns !== undefined),
    plan: planTable({
      rules,
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
  { warehouse, configured }: StreamInspection,
  { loadingTable, addsToTable: follows }: { readonly loadingTable: RelationName; readonly addsToTable: boolean },
): Promise<{ loadingColumns?: readonly RelationColumn[]; obstacle?: string }> {
  const columns = await warehouse.columnsOf(loadingTable)
  if (columns === undefined) return {}
  // A refresh that adds to a table follows that table, not the stream.
  if (follows) return { loadingColumns: columns }
  const versions = (await warehouse.ledger?.columnVersions(loadingTable)) ?? new Map()
  const obstacle = obstacleToResuming(warehouse.rules, configured, { columns, versions })
  return obstacle === undefined ? { loadingColumns: columns } : { obstacle }
}

/** True when a refresh adds its rows to a table that is there already. */
export function addsToTable(
  { destinationSyncMode }: ConfiguredStream,
  columns: readonly RelationColumn[] | undefined,
): boolean {
  return destinationSyncMode === 'append' && columns !== undefined
}

function orphanOf(
  stored: StreamRecord | undefined,
  { rules, relationIn }: InspectedWarehouse,
): RelationName | undefined {
  if (stored?.loadingGenerationId === undefined) return undefined
  return relationIn(stored.table.schema, loadingTableOf(rules, stored.table.identifier))
}

/** A stream that is read in full each time and does not append gets a table built anew. */
export function replacesAllRows({ syncMode, destinationSyncMode }: ConfiguredStream): boolean {
  return destinationSyncMode === 'overwrite' || (syncMode === 'full_refresh' && destinationSyncMode === 'append_dedup')
}

function tableOf({ warehouse, options, configured }: StreamInspection): RelationName {
  const { rules } = warehouse
  const { stream, target } = configured
  const { schemaOverride, schemaDefault } = options
  const schema = schemaOverride ?? (target.namespace === undefined ? schemaDefault : rules.nameOf(target.namespace))
  const table = warehouse.relationIn(schema, rules.nameOf(target.name))
  if (foldCase(table.schema) === ledgerSchema || isReservedIdentifier(table.identifier)) {
    throw taken(rules, { stream, table }, 'it is a name that eclusa keeps for itself')
  }
  return table
}

async function refuseTakenTable({ warehouse, options, configured }: StreamInspection, table: RelationName) {
  const { rules, ledger } = warehouse
  const { stream } = configured
  const relations = await warehouse.relationsIn(table.schema)
  const isThere = relations.some(({ name }) => rules.fold(name.identifier) === rules.fold(table.identifier))
  if (!isThere) return
  const aside = rules.dialect.rename(table, 'table', rules.nameOf(`${table.identifier}_old`))
  const remedy = `Give the stream another \`target\`, or move the table away: ${aside}`
  const owner = await ledger?.ownerOf(table)
  if (owner === undefined)
    throw taken(rules, { stream, table }, 'it is there already, and eclusa did not make it', remedy)
  const whose = owner.pipeline === options.pipeline ? 'this pipeline' : `pipeline "${owner.pipeline}"`
  throw taken(rules, { stream, table }, `it belongs to stream ${streamKey(owner.stream)} of ${whose}`, remedy)
}

const anotherTarget = 'Give the stream another `target`.'

function taken(
  { dialect }: TableRules,
  { stream, table }: { readonly stream: StreamName; readonly table: RelationName },
  why: string,
  remedy = anotherTarget,
): EclusaError {
  return new EclusaError('DESTINATION_TABLE_TAKEN', {
    message: `Stream ${streamKey(stream)} cannot be written to ${dialect.formatRelation(table)}: ${why}.`,
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

function warningsOf({ warehouse, configured, stored }: StreamInspection, found: Found): string[] {
  const { dialect } = warehouse.rules
  const key = streamKey(configured.stream)
  const name = dialect.formatRelation(found.table)
  if (stored !== undefined && found.stored === undefined) {
    const old = dialect.formatRelation(stored.table)
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

function isSameTable({ fold }: TableRules, left: RelationName, right: RelationName): boolean {
  return fold(left.schema) === fold(right.schema) && fold(left.identifier) === fold(right.identifier)
}
