import { randomBytes } from 'node:crypto'
import type { Log } from '@eclusa/sdk'
import type { Session } from '../connection/session.ts'
import type { Lsn } from './lsn.ts'
import type { ReplicationConnection } from './replication-connection.ts'
import { explainSlotError } from './replication-server.ts'

/*
 * Where a table copy and the log meet. Making a slot gives both at once: a position, and a snapshot that shows exactly the
 * transactions that were committed before it. So a change is in the copy or behind the position, never in both or neither.
 *
 * A snapshot of any other session would not do, even with the ids of its transactions at hand: a transaction that wrote to
 * a table before that was added to the publication, and commits after the snapshot was taken, is neither visible in it nor
 * sent. Making a slot waits for the transactions that are running.
 *
 * The slot that streams is made once. Every later copy (of an added stream, of the rest of an interrupted one) has the
 * point of a temporary slot, which is gone as soon as its snapshot is adopted.
 */

export interface CopyPoint {
  /** For SET TRANSACTION SNAPSHOT, until the walsender's next command. */
  readonly snapshotId: string
  /** The snapshot shows the transactions whose position is at or before it, and no other. */
  readonly position: Lsn
}

export interface CopyPointOptions {
  readonly walsender: ReplicationConnection
  /** Another session, to see what is waited for. */
  readonly control: Session
  readonly log: Log
}

/** Makes the slot that streams. @throws REPLICATION_LIMIT, REPLICATION_NOT_CONFIGURED, REPLICATION_PRIVILEGE_MISSING */
export async function createSlotAtCopyPoint(
  options: CopyPointOptions,
  { name, isFailover }: { readonly name: string; readonly isFailover: boolean },
): Promise<CopyPoint> {
  return await makeSlot(options, { name, isFailover })
}

const nameLengthMax = 63

/** @param slot the slot that streams, which lends the temporary one its name. @throws as `createSlotAtCopyPoint` */
export async function takeCopyPoint(options: CopyPointOptions, slot: string): Promise<CopyPoint> {
  const suffix = `_copy_${randomBytes(4).toString('hex')}`
  const name = slot.slice(0, nameLengthMax - suffix.length) + suffix
  return await makeSlot(options, { name, isTemporary: true })
}

async function makeSlot(
  { walsender, control, log }: CopyPointOptions,
  slot: { readonly name: string; readonly isFailover?: boolean; readonly isTemporary?: boolean },
): Promise<CopyPoint> {
  const notice = setTimeout(() => void tellWhatIsWaitedFor(control, log), noticeAfterMs)
  try {
    const { snapshotId, consistentPoint } = await walsender.createSlot({ ...slot, snapshot: 'export' })
    return { snapshotId: snapshotId!, position: consistentPoint }
  } catch (error) {
    throw explainSlotError(error, slot.name)
  } finally {
    clearTimeout(notice)
  }
}

const noticeAfterMs = 5_000

async function tellWhatIsWaitedFor(control: Session, log: Log): Promise<void> {
  const attempt = { doing: 'looking for transactions that are running' }
  try {
    const [server] = await control.query<{ isStandby: boolean }>('SELECT pg_is_in_recovery() AS "isStandby"', {
      attempt,
    })
    if (server?.isStandby === true) {
      log.warn(
        'On a standby the table copy waits for word of its primary. On the primary: SELECT pg_log_standby_snapshot()',
      )
      return
    }
    const running = await control.query<{ pid: number; seconds: number }>(
      `SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
         FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start LIMIT 10`,
      { attempt },
    )
    const prepared = await control.query<{ gid: string }>(
      'SELECT gid FROM pg_prepared_xacts ORDER BY prepared LIMIT 10',
      {
        attempt,
      },
    )
    log.warn('The table copy begins when the transactions that are running have ended.', {
      processIds: running.map(({ pid }) => pid),
      oldestSeconds: Math.round(running[0]?.seconds ?? 0),
      preparedTransactions: prepared.map(({ gid }) => gid),
    })
  } catch {
    // It is only a notice; whatever is wrong with the session, its next statement tells.
  }
}
