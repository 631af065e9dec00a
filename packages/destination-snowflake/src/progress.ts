import { streamKey } from '@eclusa/sdk'
import type { ProgressRequest, StoredProgress, StreamName, Warehouse } from '@eclusa/sdk'
import { settingsOf } from './config.ts'
import type { SnowflakeConfig, SnowflakeSettings } from './config.ts'
import { openAccount } from './open-account.ts'
import { releaseLease, takeLease } from './store/lease.ts'
import { Ledger } from './store/ledger.ts'
import { SessionLink } from './store/session-link.ts'
import { snowflakeRules } from './table/snowflake-rules.ts'

const nothing: StoredProgress = { checkpoints: [], streams: [] }

/**
 * What the ledger holds of a pipeline. Nothing, where there is none yet.
 *
 * @throws DESTINATION_LEDGER_NEWER; SNOWFLAKE_…, WAREHOUSE_…
 */
export async function readProgress(
  config: SnowflakeConfig,
  { pipeline, signal, warehouse }: ProgressRequest & { readonly warehouse?: Warehouse },
): Promise<StoredProgress> {
  const settings = settingsOf(config)
  if (warehouse !== undefined) return await progressIn(warehouse, settings, pipeline)
  await using opened = await openAccount(settings, { signal, forWhat: pipeline, isExamined: false })
  return await progressIn(opened, settings, pipeline)
}

async function progressIn(
  warehouse: Warehouse,
  settings: SnowflakeSettings,
  pipeline: string,
): Promise<StoredProgress> {
  await using connection = await warehouse.connect()
  const ledger = Ledger.of(connection, placeOf(settings, pipeline))
  if (!(await ledger.exists())) return nothing
  const { checkpoints } = await ledger.checkpoints()
  const lastCommit = await ledger.lastCommit()
  const lastRowsAtMs = await ledger.lastRowsAtMs()
  const streams = await ledger.streams()
  return {
    checkpoints,
    ...(lastCommit === undefined ? {} : { lastCommit }),
    streams: streams.map(({ stream, table }) => {
      const atMs = lastRowsAtMs.get(streamKey(stream))
      return {
        stream,
        table: `${table.schema}.${table.identifier}`,
        ...(atMs === undefined ? {} : { lastRowsAtMs: atMs }),
      }
    }),
  }
}

/** @throws DESTINATION_BUSY while a run has the pipeline. */
export async function forgetCheckpoints(
  config: SnowflakeConfig,
  { pipeline, signal, streams }: ProgressRequest & { readonly streams: readonly StreamName[] },
): Promise<void> {
  const settings = settingsOf(config)
  await using warehouse = await openAccount(settings, { signal, forWhat: pipeline })
  await using link = await SessionLink.open({ connect: () => warehouse.connect(), signal })
  const ledger = new Ledger(link.query, placeOf(settings, pipeline))
  if (!(await ledger.exists())) return
  const lease = await takeLease(link.query, ledger, {
    pipeline,
    runId: 'forgets checkpoints',
    sessionId: link.sessionId,
  })
  try {
    await link.transaction({ ledger, lease }, async (_, within) => await within.forgetCheckpoints(streams))
  } finally {
    await releaseLease(link.query, ledger, lease)
  }
}

function placeOf({ login, identifiers }: SnowflakeSettings, pipeline: string) {
  return { database: login.database, pipeline, rules: snowflakeRules(identifiers) }
}
