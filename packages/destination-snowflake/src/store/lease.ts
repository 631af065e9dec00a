import { hostname } from 'node:os'
import { EclusaError } from '@eclusa/sdk'
import type { SqlValue } from '@eclusa/sdk'
import type { Ledger, Query } from './ledger.ts'

/*
 * One run of a pipeline writes at a time. Who opens one takes its row of PIPELINES: the epoch grows, and the row names the
 * holder and until when, by the server's clock. Every transaction begins by changing that row under the epoch it knows, and
 * holds its lock to the end: so a run that somebody has taken the pipeline from, however long it slept, commits nothing more,
 * and a commit that came through cannot come through again. The time until when is courtesy on top: it tells the second
 * run at once that there is a first.
 */

/** Renewed at a third of it. Each renewal wakes the virtual warehouse, so commits renew it by the way. */
const leaseSeconds = 300
export const renewalMs = (leaseSeconds * 1000) / 3

const leaseEnd = `DATEADD(second, ${leaseSeconds}, CURRENT_TIMESTAMP())`

export interface HeldLease {
  readonly pipeline: string
  readonly runId: string
  readonly epoch: number
  /** Of the last commit. */
  readonly sequence: number
}

interface Row extends HeldLease {
  readonly holder: string
  readonly since: string
  readonly isLive: boolean
}

/**
 * Takes the pipeline for this run. One that a process of this machine held that is no more is taken at once.
 *
 * @throws DESTINATION_BUSY naming who holds it, since when, and until when at most
 */
export async function takeLease(
  query: Query,
  ledger: Ledger,
  { pipeline, runId, sessionId }: Pick<HeldLease, 'pipeline' | 'runId'> & { readonly sessionId: string },
): Promise<HeldLease> {
  const [before] = await leaseRows(query, ledger, pipeline)
  if (before?.isLive === true && !isGone(before.holder)) throw busy(before)
  // What it has open would keep its locks, on the row of the pipeline among others, for hours.
  const { session } = parsedHolder(before?.holder ?? '{}')
  if (session !== undefined) await query(`SELECT SYSTEM$ABORT_SESSION('${session}')`).catch(() => {})
  await query(
    `MERGE INTO ${ledger.nameOf('PIPELINES')} AS t
     USING (SELECT ? AS pipeline, ? AS run_id, ? AS holder, ? AS epoch) AS s ON t.pipeline = s.pipeline
     WHEN MATCHED AND t.epoch = s.epoch THEN UPDATE SET epoch = t.epoch + 1, run_id = s.run_id, holder = s.holder, held_since = CURRENT_TIMESTAMP(), lease_until = ${leaseEnd}
     WHEN NOT MATCHED THEN INSERT (pipeline, epoch, run_id, holder, held_since, lease_until, sequence)
       VALUES (s.pipeline, 1, s.run_id, s.holder, CURRENT_TIMESTAMP(), ${leaseEnd}, 0)`,
    [pipeline, runId, holderOf(sessionId), before?.epoch ?? 0],
  )
  const rows = await leaseRows(query, ledger, pipeline)
  const epoch = (before?.epoch ?? 0) + 1
  const isMine = (row: Row) => row.epoch === epoch && row.holder === holderOf(sessionId)
  const mine = rows.find(isMine)
  if (mine !== undefined && rows.length === 1) return mine
  // Two that opened a new pipeline at one moment have both made a row: Snowflake keeps no key unique.
  if (mine !== undefined) {
    await query(`DELETE FROM ${ledger.nameOf('PIPELINES')} WHERE pipeline = ? AND holder = ?`, [
      pipeline,
      holderOf(sessionId),
    ])
  }
  throw busy(rows.find((row) => !isMine(row)) ?? mine!)
}

/** To be the first statement of a transaction. @throws DESTINATION_BUSY when somebody else has taken the pipeline. */
export async function fence(
  query: Query,
  ledger: Ledger,
  { pipeline, epoch, sequence }: HeldLease,
  next = sequence,
): Promise<void> {
  const { rowsChanged } = await query(
    `UPDATE ${ledger.nameOf('PIPELINES')} SET sequence = ?, lease_until = ${leaseEnd} WHERE pipeline = ? AND epoch = ? AND sequence = ?`,
    [next, pipeline, epoch, sequence],
  )
  if (rowsChanged === 1) return
  const [row] = await leaseRows(query, ledger, pipeline)
  throw row === undefined ? lost(pipeline) : busy(row)
}

/** The sequence of the last commit, as long as nobody else has taken the pipeline. @throws DESTINATION_BUSY */
export async function committedSequence(query: Query, ledger: Ledger, lease: HeldLease): Promise<number> {
  const [row] = await leaseRows(query, ledger, lease.pipeline)
  if (row === undefined) throw lost(lease.pipeline)
  if (row.epoch !== lease.epoch) throw busy(row)
  return row.sequence
}

/** May be run within a commit, or beside it. */
export async function renewLease(query: Query, ledger: Ledger, { pipeline, epoch }: HeldLease): Promise<void> {
  await query(`UPDATE ${ledger.nameOf('PIPELINES')} SET lease_until = ${leaseEnd} WHERE pipeline = ? AND epoch = ?`, [
    pipeline,
    epoch,
  ])
}

/** The run goes on in another session. */
export async function noteSession(
  query: Query,
  ledger: Ledger,
  { pipeline, epoch }: HeldLease,
  sessionId: string,
): Promise<void> {
  await query(`UPDATE ${ledger.nameOf('PIPELINES')} SET holder = ? WHERE pipeline = ? AND epoch = ?`, [
    holderOf(sessionId),
    pipeline,
    epoch,
  ])
}

/** Says that nobody holds it any more; the epoch stays. */
export async function releaseLease(query: Query, ledger: Ledger, { pipeline, epoch }: HeldLease): Promise<void> {
  await query(`UPDATE ${ledger.nameOf('PIPELINES')} SET lease_until = NULL WHERE pipeline = ? AND epoch = ?`, [
    pipeline,
    epoch,
  ])
}

async function leaseRows(query: Query, ledger: Ledger, pipeline: string): Promise<Row[]> {
  const { rows } = await query(
    `SELECT run_id, epoch, sequence, holder, held_since::VARCHAR, COALESCE(lease_until > CURRENT_TIMESTAMP(), FALSE)
     FROM ${ledger.nameOf('PIPELINES')} WHERE pipeline = ?`,
    [pipeline],
  )
  return rows.map(([runId, epoch, sequence, holder, since, isLive]: readonly (SqlValue | undefined)[]) => ({
    pipeline,
    runId: String(runId),
    epoch: Number(epoch),
    sequence: Number(sequence),
    holder: String(holder),
    since: String(since),
    isLive: isLive === true,
  }))
}

/** Tells apart processes, and those that had the same number before. */
function holderOf(session: string): string {
  const startedAtMs = Math.round(performance.timeOrigin)
  return JSON.stringify({ host: hostname(), pid: process.pid, startedAtMs, session })
}

/** True of a process of this machine that has ended. In a container every process may have the number of the one before. */
function isGone(holder: string): boolean {
  const { host, pid, startedAtMs } = parsedHolder(holder)
  if (host !== hostname() || pid === undefined) return false
  if (pid === process.pid) return startedAtMs !== Math.round(performance.timeOrigin)
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

interface Holder {
  readonly host?: string
  readonly pid?: number
  readonly startedAtMs?: number
  readonly session?: string
}

function parsedHolder(holder: string): Holder {
  try {
    return JSON.parse(holder) as Holder
  } catch {
    return {}
  }
}

function busy({ pipeline, runId, holder, since }: Row): EclusaError {
  const { host = 'an unknown host', pid } = parsedHolder(holder)
  return new EclusaError('DESTINATION_BUSY', {
    message: `Run ${runId} on ${host}${pid === undefined ? '' : `, process ${pid},`} has pipeline "${pipeline}" open since ${since}.`,
    remedy: `Wait until it ends, then run again; if it was killed on another machine, ${leaseSeconds / 60} minutes after its last commit.`,
    details: { pipeline, runId, host, ...(pid === undefined ? {} : { pid }), since },
  })
}

function lost(pipeline: string): EclusaError {
  return new EclusaError('DESTINATION_BUSY', {
    message: `What is noted of pipeline "${pipeline}" was removed while it ran.`,
    details: { pipeline },
  })
}
