import { EclusaError, hasErrorCode } from '@eclusa/sdk'
import type { ConfiguredStream, Warehouse, WriteRequest } from '@eclusa/sdk'
import { openDuckDb } from '@eclusa/warehouse'
import type { DuckDbSession, DuckDbWarehouse } from '@eclusa/warehouse'
import { deletionModeOf, metadataColumnsOf } from '@eclusa/warehouse/load'
import type { AppendMethod } from '../chunk/chunk-writer.ts'
import { LoadLimits } from '../chunk/load-limits.ts'
import { RowFeed } from '../chunk/row-feed.ts'
import { passesSelfTest } from '../chunk/self-test.ts'
import type { InsertionContext } from '../chunk/table-insertion.ts'
import type { DuckDbConfig } from '../config.ts'
import { limitsOf } from '../database-limits.ts'
import { lendWarehouse } from './lent-warehouse.ts'
import { Load } from './load.ts'

/** A load together with the database it writes to. */
export interface OpenLoad extends AsyncDisposable {
  readonly load: Load
  /** What should be told at the start. */
  readonly notes: readonly string[]
  /** What is thrown for what went wrong with the load. */
  explain(error: unknown): unknown
  /** The database for somebody else, beside the load. */
  lend(signal: AbortSignal): Promise<Warehouse>
}

/** Configurations with which a load has run out of the memory that it was left. */
const withoutLowering = new WeakSet<DuckDbConfig>()

/** Opens the file and begins a load. The signal interrupts what runs, and lets nothing more run but the end. */
export async function openLoad({
  config,
  catalog,
  pipeline,
  runId,
  signal,
}: WriteRequest<DuckDbConfig>): Promise<OpenLoad> {
  const configuredLimits = limitsOf(config)
  const warehouse = await openDuckDb({ path: config.path, signal, ...configuredLimits })
  try {
    const session = await warehouse.connect()
    await keepMemoryFlat(session)
    const { streams } = catalog
    const limits = await LoadLimits.of(await warehouse.connect(), {
      columns: widestOf(streams),
      configuredMemory: configuredLimits.memoryLimit,
      lowersMemory: !withoutLowering.has(config),
    })
    const inserting = { session, feed: RowFeed.register(session.native), limits }
    const { method, notes } = await chooseMethod(inserting, config.append_method)
    const load = await Load.open(
      { ...inserting, method },
      {
        pipeline,
        runId,
        streams,
        schemaOverride: config.schema,
        deletionMode: deletionModeOf(config.cdc_deletion_mode),
      },
    )
    const close = () => closeLoad(load, warehouse)
    const lend = (guest: AbortSignal) => lendWarehouse(warehouse, limits, guest)
    const explain = (error: unknown) => {
      if (!hasErrorCode(error, 'WAREHOUSE_MEMORY_EXHAUSTED') || !limits.isMemoryLowered) return error
      withoutLowering.add(config)
      return memoryLowered(error)
    }
    return { load, notes: [...notes, ...load.warnings], explain, lend, [Symbol.asyncDispose]: close }
  } catch (error) {
    await warehouse[Symbol.asyncDispose]()
    throw error
  }
}

function memoryLowered({ message, details, cause }: EclusaError): EclusaError {
  return new EclusaError('DESTINATION_MEMORY_LOWERED', { message, details, cause })
}

/** Columns of the widest table, eclusa's own among them. */
function widestOf(streams: readonly ConfiguredStream[]): number {
  return Math.max(0, ...streams.map((stream) => stream.schema.columns.length + metadataColumnsOf(stream).length))
}

async function closeLoad(load: Load, warehouse: DuckDbWarehouse): Promise<void> {
  // After an interruption ROLLBACK is refused like every statement; closing the connection rolls back all the same.
  await load.discard().catch(() => {})
  await warehouse[Symbol.asyncDispose]()
}

/**
 * Settings that keep loading flat in memory; an unknown one (another version, another platform) is left alone.
 * By default DuckDB (1.5) keeps five row groups of a transaction, 600,000 rows, before it compresses and writes any. One
 * at a time is written while the source is read instead of in the commit, and needs a fifth of the memory.
 * Its allocator gives memory back to the system once 128 MB are free: measured on a load of 1 M rows, 4 MB is 50 MB less.
 * To let several threads insert it must not promise the order of rows, which nothing here asks of it: `_airbyte_raw_id`
 * tells it.
 */
const loadSettings = {
  write_buffer_row_group_count: '1',
  allocator_flush_threshold: `'4MB'`,
  preserve_insertion_order: 'false',
}

async function keepMemoryFlat(session: DuckDbSession): Promise<void> {
  const { rows } = await session.query('SELECT name FROM duckdb_settings()')
  const known = new Set(rows.map(([name]) => name))
  for (const [name, value] of Object.entries(loadSettings)) {
    if (known.has(name)) await session.query(`SET ${name} = ${value}`)
  }
}

async function chooseMethod(
  inserting: Omit<InsertionContext, 'method'>,
  appendMethod: DuckDbConfig['append_method'],
): Promise<{ method: AppendMethod; notes: string[] }> {
  if (appendMethod !== 'auto') return { method: appendMethod, notes: [] }
  if (await passesSelfTest(inserting)) return { method: 'raw', notes: [] }
  const note =
    'The self-test of fast loading failed with this build of DuckDB: rows are handed over one value at a time.'
  return { method: 'values', notes: [note] }
}
