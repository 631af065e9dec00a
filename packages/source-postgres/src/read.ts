import { arrivesAsChanges } from '@eclusa/sdk'
import type { ReadRequest, SourceMessage, SourceReader } from '@eclusa/sdk'
import type { PostgresConfig } from './config.ts'
import { readReplicated } from './read-replicated.ts'
import { ReadRun } from './read-run.ts'
import { readStreams } from './read-streams.ts'
import { replicationSettings } from './replication/replication-settings.ts'
import { resolveStreams } from './source-stream.ts'

/** Reads the configured streams; see `SourceMessage` for the order of messages. Connections close when it ends. */
export function read(request: ReadRequest<PostgresConfig>): SourceReader {
  const settings = replicationSettings(request.config)
  const isReplicated = settings !== undefined && request.catalog.streams.some(arrivesAsChanges)
  return isReplicated ? readReplicated(request, settings) : readMessages(request)
}

async function* readMessages(request: ReadRequest<PostgresConfig>): AsyncGenerator<SourceMessage, void, undefined> {
  await using run = await ReadRun.open(request)
  const streams = await resolveStreams(run.coordinator, request.catalog.streams, run)
  yield* readStreams(run, { streams, checkpoints: request.checkpoints })
}
