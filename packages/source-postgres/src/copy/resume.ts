import type { CopyState } from '../checkpoint-state.ts'
import { isSameServer } from '../connection/server-facts.ts'
import type { ServerIdentity } from '../connection/server-facts.ts'
import type { SourceStream } from '../source-stream.ts'
import { parseXids, xidDistanceMax } from '../transaction-ids.ts'
import { chunkConditions, chunksDone, newSince, rowConditions } from './copy-chunk.ts'
import type { CopyPart } from './copy-part.ts'
import type { ExportedSnapshot } from './exported-snapshot.ts'
import type { PartReader } from './part-reader.ts'

/*
 * Going on with a copy that an earlier run left half done.
 *
 * The earlier run read pages [0, p) of a part in a snapshot S1 that is gone; this one has a snapshot S2. Going on from
 * page p is exact only if the rows on [0, p) that S2 shows are the very rows that were read. That is proved, or else the
 * stream is copied from the start:
 *
 *   1. The part is the same file (relfilenode) with the same columns, on the same server and timeline: row versions
 *      have kept their addresses, and transaction ids their meaning.
 *   2. Each row version v that S2 shows on [0, p) was written by a transaction that S1 saw as committed.
 *   3. S2 shows as many row versions there as were read.
 *
 * Let D be the row versions that were read, and V those that S2 shows on [0, p). Take v in V. By (2) S1 saw the
 * transaction that wrote v. S2 does not see v deleted, and S2 is later than S1, so S1 did not see it deleted either.
 * Hence S1 showed v: V is a subset of D. By (3) both are equally large: V = D. Nothing that was inserted, updated or
 * deleted there in between can escape, and the rest, read in S2, completes the table as of S2.
 *
 * How (2) is decided. pg_visible_in_snapshot(xid, S1) would be the obvious way, and is wrong: it knows only ids of whole
 * transactions (PostgreSQL docs, "Transaction ID and Snapshot Information Functions"). Rows written inside a savepoint
 * or an exception block carry the id of a subtransaction, which it would take for committed while its transaction was
 * still running; on a standby it knows no running transactions at all. Instead, transactions below S1's xmin had all
 * ended; for those from there on, the copy has noted which ones it saw rows of (recentXids). If one row of a
 * transaction was visible in S1, the transaction was committed, and all its rows were visible.
 *
 * Where only rows for which a condition holds are copied, all of this is said of these: the condition looks at nothing but
 * the row version, so it holds for it in both snapshots or in neither.
 */

export type ResumeDecision = { readonly resumes: true } | { readonly resumes: false; readonly reason: string }

const yes: ResumeDecision = { resumes: true }

function no(reason: string): ResumeDecision {
  return { resumes: false, reason }
}

export interface ResumeOptions {
  readonly stream: SourceStream
  readonly state: CopyState
  readonly parts: readonly CopyPart[]
  readonly snapshot: ExportedSnapshot
  readonly identity: ServerIdentity
  readonly reader: PartReader
  readonly chunkBytes: number
}

/** Decides whether the copy can go on, by the proof above; the reason against it is a sentence for a person. */
export async function decideResume(options: ResumeOptions): Promise<ResumeDecision> {
  const decision = compareFacts(options)
  if (!decision.resumes) return decision
  for (const part of options.parts) {
    const done = options.state.parts.find(({ oid }) => oid === part.oid)
    const unchanged = done === undefined ? yes : await compareRows(part, done, options)
    if (!unchanged.resumes) return unchanged
  }
  return yes
}

/** What can be told without looking at rows. Beyond it, the changes of a replicated stream bring old rows up to date. */
export function compareFacts({
  stream,
  state,
  parts,
  snapshot,
  identity,
}: Omit<ResumeOptions, 'reader' | 'chunkBytes'>): ResumeDecision {
  if (state.mode !== stream.configured.syncMode) return no('the sync mode was changed')
  if (state.fingerprint !== stream.fingerprint) return no('the columns have changed')
  if (!isSameServer(state.source, identity)) return no('it is another server now, or one that was failed over to')
  if (snapshot.xmax < BigInt(state.snapshot.xmax)) return no('the server has gone back to an earlier state')
  if (snapshot.xmax - BigInt(state.snapshot.xmin) >= xidDistanceMax) {
    return no('too many transactions have passed to compare rows')
  }
  for (const done of state.parts) {
    const part = parts.find(({ oid }) => oid === done.oid)
    if (part === undefined) return no('a part of the table was detached or dropped')
    if (!part.isAddressable) return no('its rows have no addresses that this role may read')
    if (part.filenode !== done.filenode) return no('the table was truncated or rewritten')
  }
  return yes
}

/** Points 2 and 3 of the proof, in pieces, so that a change on the first pages is found soon. */
async function compareRows(
  part: CopyPart,
  done: CopyState['parts'][number],
  { stream, state, reader, chunkBytes }: ResumeOptions,
): Promise<ResumeDecision> {
  await reader.open(stream, part)
  const isNew = newSince({ xmin: BigInt(state.snapshot.xmin), recentXids: parseXids(state.recentXids) })
  let rows = 0
  for (const range of chunksDone(part, { chunkBytes, pagesDone: done.pages })) {
    const conditions = [...chunkConditions(range), ...rowConditions(part)]
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
    const [counted] = await reader.session.query<{ rows: number; fresh: number }>(
      `SELECT count(*)::float8 AS rows, count(*) FILTER (WHERE ${isNew})::float8 AS fresh FROM ${part.fromSql}${where}`,
      { attempt: reader.attempt(stream) },
    )
    if (counted === undefined || counted.fresh > 0)
      return no('rows that were already read have been changed or added to')
    rows += counted.rows
  }
  return rows === done.rows ? yes : no('rows that were already read have been deleted or updated')
}
