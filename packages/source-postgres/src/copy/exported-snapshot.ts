import { EclusaError } from '@eclusa/sdk'
import type { PostgresConfig } from '../config.ts'
import { beginRead } from '../connection/read-transaction.ts'
import type { Session } from '../connection/session.ts'

/** One state of the whole database that several sessions can read. It lasts as long as the transaction it came from. */
export interface ExportedSnapshot {
  /** For SET TRANSACTION SNAPSHOT. Undefined on a standby, where only the session that took it may read it. */
  readonly id: string | undefined
  /** Every transaction below has ended: its rows are visible, or it was rolled back. */
  readonly xmin: bigint
  /** No transaction from here on is visible. Between the two, some are. */
  readonly xmax: bigint
}

/**
 * Begins a transaction on the session and exports its snapshot. The session keeps the snapshot alive by doing nothing
 * but reading catalogs; it holds no lock on any table of the user.
 *
 * On a standby nothing is exported. A snapshot taken there forgets the running transactions when it is exported while
 * the standby counts subtransactions as overflowed (`sof:1` in pg_snapshots, without the list that on a standby holds
 * all of them; seen on 15.18 and 18.4). A session that imports it takes their rows for rolled back, and marks them so
 * in the standby's pages: they stay invisible there for everybody, even after their commit.
 *
 * @throws POSTGRES_POOLER_UNSUITABLE, POSTGRES_CONNECTION_LOST, CANCELLED
 */
export async function exportSnapshot(
  session: Session,
  {
    config,
    isStandby,
    snapshotId,
  }: {
    readonly config: PostgresConfig
    readonly isStandby: boolean
    /** Of another session's snapshot, to be adopted and exported again: the other one may end then. */
    readonly snapshotId?: string
  },
): Promise<ExportedSnapshot> {
  const attempt = { doing: 'exporting a snapshot' }
  await beginRead(session, { config, ...(snapshotId !== undefined && { snapshotId }), attempt })
  const [row] = await session.query<{ id: string | null; snapshot: string }>(
    `SELECT ${isStandby ? 'NULL::text' : 'pg_export_snapshot()'} AS id, pg_current_snapshot()::text AS snapshot`,
    { attempt },
  )
  const [xmin, xmax] = row?.snapshot.split(':') ?? []
  if (row === undefined || xmin === undefined || xmax === undefined) {
    throw new EclusaError('INTERNAL', { message: 'PostgreSQL exported no snapshot.' })
  }
  return { id: row.id ?? undefined, xmin: BigInt(xmin), xmax: BigInt(xmax) }
}

/** When the session's transaction, and with it its snapshot, began: microseconds since 1970, by the server's clock. */
export async function readSnapshotTime(session: Session): Promise<bigint> {
  const [row] = await session.query<{ atUs: string }>(
    'SELECT (extract(epoch FROM transaction_timestamp()) * 1000000)::int8::text AS "atUs"',
    { attempt: { doing: 'asking the server for its time' } },
  )
  return BigInt(row!.atUs)
}
