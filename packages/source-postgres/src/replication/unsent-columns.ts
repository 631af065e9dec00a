import { arrivesAsChanges, backfillCommand } from '@eclusa/sdk'
import type { Log } from '@eclusa/sdk'
import type { Relation } from '../catalog/relation.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import type { SourceStream } from '../source-stream.ts'

/** Names of the generated columns of a table. */
export function generatedColumns(relation: Pick<Relation, 'columns'> | undefined): string[] {
  return (relation?.columns ?? []).flatMap(({ name, generated }) => (generated === undefined ? [] : [name]))
}

/** The first version that can publish generated columns, those that are stored. */
const publishesStoredFrom = 180_000

/** Columns of a stream that its table copy has, and its log does not. */
export function unsentColumns(
  { configured, relation }: Pick<SourceStream, 'configured' | 'relation'>,
  { versionNumber }: Pick<ServerFacts, 'versionNumber'>,
): string[] {
  if (!arrivesAsChanges(configured)) return []
  const isSent = new Map(
    relation?.columns.map(({ name, generated }) => [
      name,
      generated === undefined || (generated === 'stored' && versionNumber >= publishesStoredFrom),
    ]),
  )
  return configured.schema.columns.flatMap(({ name }) => (isSent.get(name) === false ? [name] : []))
}

/** Says once per run which columns will be NULL in rows that change. */
export function warnOfUnsentColumns(stream: SourceStream, facts: Pick<ServerFacts, 'versionNumber'>, log: Log): void {
  const columns = unsentColumns(stream, facts)
  if (columns.length === 0) return
  const { stream: name, destinationSyncMode } = stream.configured
  const names = columns.map((column) => `"${column}"`).join(', ')
  const filling =
    destinationSyncMode === 'append_dedup' ? `, or fill them when needed: \`${backfillCommand(name, columns)}\`` : ''
  log.warn(
    `The log has no values of the generated columns ${names} of ${stream.key}: rows have NULL there as soon as they are inserted or changed. Compute them in the warehouse${filling}.`,
    { stream: stream.key, columns },
  )
}
