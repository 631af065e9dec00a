import { EclusaError } from '@eclusa/sdk'
import type { SourceMessage } from '@eclusa/sdk'
import { stateJson } from '../checkpoint-state.ts'
import type { XminState } from '../checkpoint-state.ts'
import { readParts } from '../copy/copy-part.ts'
import type { CopyPart } from '../copy/copy-part.ts'
import { batchBuilder, readRows } from '../query-stream/read-query.ts'
import type { ReadRun } from '../read-run.ts'
import type { SourceStream } from '../source-stream.ts'
import { quoteIdentifier } from '../sql-text.ts'
import { formatXids, parseXids, writtenSince } from '../transaction-ids.ts'
import { VersionFilter } from './version-filter.ts'
import { assertComparable } from './xmin-state.ts'

/*
 * Reading the row versions that are new since the last pass; version-filter.ts says which those are, and proves it.
 *
 * Limits: deletes leave no row and are not seen. Every new version is read, also one made by ALTER TABLE rewriting the
 * table. The table is scanned as a whole, since xmin has no index.
 */

/** @throws POSTGRES_SOURCE_REPLACED, POSTGRES_CHECKPOINT_UNUSABLE, POSTGRES_CURSOR_UNSUITABLE */
export async function* readNewVersions(
  run: ReadRun,
  stream: SourceStream,
  state: XminState,
): AsyncGenerator<SourceMessage, void, undefined> {
  const horizon = BigInt(state.horizon)
  assertComparable(state, { key: stream.key, snapshot: run.snapshot, identity: run.facts.identity })
  const filter = new VersionFilter({ horizon, delivered: parseXids(state.deliveredXids), snapshot: run.snapshot })
  const builder = batchBuilder({ stream, budget: run.budget, pool: run.pool })
  const parts = await readParts(run.coordinator, stream, run)
  assertHaveTransactionIds(stream, parts, run.username)
  for (const part of parts) {
    const age = state.parts.includes(part.oid) ? 'known' : 'new'
    for await (const rows of readVersions(run, { stream, part, since: age === 'known' ? horizon : undefined })) {
      for (const row of rows) {
        if (!filter.accepts(row.pop() ?? '', age)) continue
        for (const batch of builder.append(row)) yield { type: 'batch', batch }
      }
    }
  }
  const last = builder.finish()
  if (last !== undefined) yield { type: 'batch', batch: last }
  if (filter.rowsDeferred > 0) warnOfDeferred(run, stream, filter.rowsDeferred)
  const next: XminState = {
    ...state,
    horizon: String(run.snapshot.xmin),
    deliveredXids: formatXids(filter.delivered),
    parts: parts.map(({ oid }) => oid),
  }
  yield { type: 'stream_completed', stream: stream.configured.stream }
  yield { type: 'checkpoint', checkpoints: [{ stream: stream.configured.stream, state: stateJson(next) }] }
}

function warnOfDeferred(run: ReadRun, stream: SourceStream, rows: number): void {
  run.log.warn(
    'Rows wait for a later run: a transaction has been open for so long that those after it are too many to remember. Find it in pg_stat_activity (backend_xid) or pg_prepared_xacts.',
    { stream: stream.key, rows, oldestTransaction: String(run.snapshot.xmin) },
  )
}

interface PartVersions {
  readonly stream: SourceStream
  readonly part: CopyPart
  /** Undefined: all that there are. */
  readonly since: bigint | undefined
}

/** Runs of rows of a part written since a transaction, each row followed by its transaction id. */
async function* readVersions(run: ReadRun, { stream, part, since }: PartVersions) {
  const [reader] = await run.readers(1)
  const columns = [...stream.columns.map(({ name }) => quoteIdentifier(name)), 'xmin'].join(', ')
  const where = since === undefined ? '' : ` WHERE ${writtenSince(since)}`
  await reader!.open(stream, part)
  yield* readRows({
    session: reader!.session,
    sql: `SELECT ${columns} FROM ${part.fromSql}${where}`,
    attempt: reader!.attempt(stream),
    budget: run.budget,
  })
  await reader!.release()
}

/** The guard needs what only heap tables have, and what must be asked of each partition itself. */
export function assertHaveTransactionIds(stream: SourceStream, parts: readonly CopyPart[], username: string): void {
  if (parts.every(({ isAddressable }) => isAddressable)) return
  const hidden = parts.filter(({ filenode, isAddressable }) => filenode !== null && !isAddressable)
  if (hidden.length > 0) {
    throw new EclusaError('POSTGRES_PRIVILEGE_MISSING', {
      message: `Role "${username}" may read columns of ${stream.key}, but not its transaction ids, which cursor_guard xmin needs.`,
      remedy: `GRANT SELECT (ctid, xmin) ON ${hidden.map((part) => part.qualifiedName).join(', ')} TO ${quoteIdentifier(username)}`,
      details: { stream: stream.key },
    })
  }
  throw new EclusaError('POSTGRES_CURSOR_UNSUITABLE', {
    message: `${stream.key} cannot be read by transaction id: a part of it is a foreign table, has another storage than heap, or may not be read by itself.`,
    remedy: 'Set cursor_guard: lookback and choose a cursor column, or read it with full refresh.',
    details: { stream: stream.key },
  })
}
