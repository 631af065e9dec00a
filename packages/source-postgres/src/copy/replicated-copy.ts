import { changeOperation } from '@eclusa/sdk'
import type { ChangeBatch, CopiedAt } from '@eclusa/sdk'
import type { CopyState, ReplicatingState } from '../checkpoint-state.ts'
import { formatLsn } from '../replication/lsn.ts'
import type { Lsn } from '../replication/lsn.ts'

/*
 * Going on with the interrupted copy of a stream whose changes come from the log.
 *
 * Pages [0, p) were read in a snapshot that stands at P1 in the log; this run has one that stands at P2. It reads what P2
 * shows on the other pages, and of the first p pages the row versions that P1 did not show. Together with the old rows the
 * destination then has every row version of P2, and beside them old ones that P2 shows no more. These go when the log is
 * read from P1 on: each of them was updated, which the newer row with its key supersedes, or deleted, or lost its key.
 *
 * So that both come out right in whatever order, rows of a later snapshot are sent as changes at P2: they replace rows of
 * P1 with their key, and no change before P2 replaces them. Rows that the log mentions in between and that P2 does not
 * have are deleted by the log too. Read up to P2, the destination has what P2 shows, exactly; before, it is not visible.
 *
 * That needs keys to tell rows apart. Without, or where every change is kept as history, the copy goes on only if no row
 * that was read has changed (resume.ts), and starts anew otherwise.
 */

/** The copy of a stream whose changes come from the log. */
export interface ReplicatedCopy {
  /** Where the first snapshot stands in the log. */
  readonly from: Lsn
  /** Where the snapshot of this run stands. */
  readonly at: CopiedAt
  readonly generation: number
  readonly publishedSince: string
}

/** True when rows of an earlier snapshot are in the destination already. */
export function isLaterSnapshot({ from, at }: ReplicatedCopy): boolean {
  return from !== at.position
}

/** The copy from the start, in the snapshot of this run. */
export function startedAnew(copy: ReplicatedCopy): ReplicatedCopy {
  return { ...copy, from: copy.at.position }
}

/** What a batch of the copy says of its rows. */
export function placeInLog(batch: ChangeBatch, copy: ReplicatedCopy): ChangeBatch {
  if (!isLaterSnapshot(copy)) return { ...batch, copiedAt: copy.at }
  const rows = batch.records.numRows
  return {
    ...batch,
    changes: {
      operations: new Uint8Array(rows).fill(changeOperation.insert),
      positions: new BigInt64Array(rows).fill(copy.at.position),
      // Before every change that is committed at this position.
      orders: new Int32Array(rows).fill(-1),
      committedAtUs: new BigInt64Array(rows).fill(copy.at.atUs),
      unchanged: batch.schema.columns.map(() => undefined),
    },
  }
}

export function followedState(copy: ReplicatedCopy): NonNullable<CopyState['replication']> {
  return {
    from: formatLsn(copy.from),
    copiedAt: formatLsn(copy.at.position),
    generation: copy.generation,
    publishedSince: copy.publishedSince,
  }
}

/** The checkpoint of a complete copy, after which come the changes. */
export function replicatingState(copy: ReplicatedCopy, table: number): ReplicatingState {
  return { version: 1, phase: 'replicating', table, ...followedState(copy) }
}
