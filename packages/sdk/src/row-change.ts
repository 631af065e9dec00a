/**
 * What a row of a replicated stream says about the table's row with its key, one code per row.
 *
 * - `insert`: it is new. - `update`: it has changed. - `delete`: it is gone; columns that the source did not send are NULL.
 * - `rekey`: it has changed, its key too; the row directly before this one in the batch is the `delete` of its old key.
 */
export const changeOperation = { insert: 0, update: 1, delete: 2, rekey: 3 } as const

/** The name of a change operation. */
export type ChangeOperation = keyof typeof changeOperation

/**
 * What changed, beside the rows of a batch of changes: one element for each row, in the order in which it happened.
 * A position is the commit's position in the source's log together with the row's order within that transaction; it
 * grows strictly from row to row of a stream, and is the same whenever the same change is read again.
 */
export interface RowChanges {
  /** Codes of `changeOperation`. */
  readonly operations: Uint8Array
  /** Where the transaction was committed: PostgreSQL's LSN. */
  readonly positions: BigInt64Array
  /** Order within the transaction, over all its streams; from 0. */
  readonly orders: Int32Array
  /** When the transaction was committed, by the source's clock: microseconds since 1970. Never decides about order. */
  readonly committedAtUs: BigInt64Array
  /**
   * For each column undefined, or a bitmap (least significant bit first) of the rows whose value the source did not
   * send because it has not changed: it is what it was before, never NULL and never what the batch holds there.
   */
  readonly unchanged: readonly (Uint8Array | undefined)[]
}

/** Where in the source's log the rows of a batch of the table copy belong: its changes up to there are in them. */
export interface CopiedAt {
  readonly position: bigint
  /** Microseconds since 1970. */
  readonly atUs: bigint
}
