import { EclusaError } from '@eclusa/sdk'
import type { SourceMessage } from '@eclusa/sdk'
import { stateJson } from '../checkpoint-state.ts'
import type { XminState } from '../checkpoint-state.ts'
import { isSameServer } from '../connection/server-facts.ts'
import { readParts } from '../copy/copy-part.ts'
import type { CopyPart } from '../copy/copy-part.ts'
import { batchBuilder, fetchRowsFor, readRows } from '../query-stream/read-query.ts'
import type { ReadRun } from '../read-run.ts'
import type { SourceStream } from '../source-stream.ts'
import { quoteIdentifier } from '../sql-text.ts'
import { formatXids, parseXids, widenXid, writtenSince, xidDistanceMax } from '../transaction-ids.ts'

/*
 * Reading exactly the row versions that are new since the last pass, whatever order their transactions committed in.
 *
 * The last pass read a snapshot S1 and kept two things: the horizon H = xmin of S1, below which every transaction had
 * ended; and D, the transactions from H on whose rows it saw. This pass reads, in a later snapshot S2, the row versions
 * that S2 shows and whose transaction x is neither below H nor in D.
 *
 * - Nothing is missed. Take a row version that S2 shows and S1 did not. It was not deleted before S2, so S1 did not see
 *   its transaction x: x is not below H, and no row of x was visible in S1, so x is not in D.
 * - Nothing is read twice. Take one that S1 showed. Its transaction was visible in S1: it is below H, or in D, because
 *   D has every such transaction of a row that S1 showed (of those read then, and of those read before).
 *
 * D' of the next pass is what of D, and of the transactions read now, is not below the new horizon. In most runs it is
 * empty: it holds what overlapped with the oldest writer that was active. Subtransactions need no thought, because only
 * ids found in rows are compared; with the list of running transactions in a pg_snapshot, which leaves them out, a row
 * written in a savepoint of a transaction running during S1 would be lost.
 *
 * Limits: deletes leave no row and are not seen. Every new version is read: also one made by ALTER TABLE rewriting the
 * table. The table is scanned as a whole, since xmin has no index. And see transaction-ids.ts for rows of great age.
 */

/** @throws POSTGRES_SOURCE_REPLACED, POSTGRES_CHECKPOINT_UNUSABLE, POSTGRES_CURSOR_UNSUITABLE */
export async function* readNewVersions(
  run: ReadRun,
  stream: SourceStream,
  state: XminState,
): AsyncGenerator<SourceMessage, void, undefined> {
  const horizon = BigInt(state.horizon)
  assertComparable(run, stream, state)
  const delivered = parseXids(state.deliveredXids)
  const recent = new Set([...delivered].filter((xid) => xid >= run.snapshot.xmin))
  const builder = batchBuilder({ stream, ...run })
  for await (const row of readVersions(run, stream, horizon)) {
    const xid = widenXid(row.pop() ?? '', horizon)
    if (delivered.has(xid)) continue
    if (xid >= run.snapshot.xmin && xid < run.snapshot.xmax) recent.add(xid)
    const batch = builder.append(row)
    if (batch !== undefined) yield { type: 'batch', batch }
  }
  const last = builder.finish()
  if (last !== undefined) yield { type: 'batch', batch: last }
  yield { type: 'stream_completed', stream: stream.configured.stream }
  const next: XminState = { ...state, horizon: String(run.snapshot.xmin), deliveredXids: formatXids(recent) }
  yield { type: 'checkpoint', checkpoints: [{ stream: stream.configured.stream, state: stateJson(next) }] }
}

/** Rows written since the horizon, each followed by its transaction id. */
async function* readVersions(run: ReadRun, stream: SourceStream, horizon: bigint) {
  const parts = await readParts(run.coordinator, stream, run.config)
  assertHaveTransactionIds(stream, parts)
  const [reader] = await run.readers(1)
  const columns = [...stream.columns.map(({ name }) => quoteIdentifier(name)), 'xmin'].join(', ')
  for (const part of parts) {
    await reader!.open(stream, part)
    yield* readRows({
      session: reader!.session,
      sql: `SELECT ${columns} FROM ${part.fromSql} WHERE ${writtenSince(horizon)}`,
      attempt: reader!.attempt(stream),
      fetchRows: fetchRowsFor(stream, run.budget),
    })
    await reader!.release()
  }
}

/** The guard needs what only heap tables have, and what must be asked of each partition itself. */
export function assertHaveTransactionIds(stream: SourceStream, parts: readonly CopyPart[]): void {
  if (parts.every(({ filenode }) => filenode !== null)) return
  throw new EclusaError('POSTGRES_CURSOR_UNSUITABLE', {
    message: `${stream.key} cannot be read by transaction id: a part of it is a foreign table, has another storage than heap, or may not be read by itself.`,
    remedy: 'Set cursor_guard: lookback and choose a cursor column, or read it with full refresh.',
    details: { stream: stream.key },
  })
}

function assertComparable(run: ReadRun, stream: SourceStream, state: XminState): void {
  const { snapshot, facts } = run
  const isOther = !isSameServer(state.source, facts.identity)
  if (isOther || snapshot.xmin < BigInt(state.horizon)) {
    throw new EclusaError('POSTGRES_SOURCE_REPLACED', {
      message: `The checkpoint of ${stream.key} is of ${isOther ? 'another server, database or timeline' : 'a later state of the server than its present one'}: its transaction ids mean nothing here.`,
      details: { stream: stream.key },
    })
  }
  if (snapshot.xmax - BigInt(state.horizon) >= xidDistanceMax) {
    throw new EclusaError('POSTGRES_CHECKPOINT_UNUSABLE', {
      message: `The checkpoint of ${stream.key} is more than ${xidDistanceMax} transactions old: ids can no longer be ordered.`,
      details: { stream: stream.key },
    })
  }
}
