import type { RowChanges } from '@eclusa/sdk'

/** Where a change stands in the source's log: the commit of its transaction, and its order within that. */
export interface LogPosition {
  readonly position: bigint
  readonly order: number
}

/** Order of the rows of a table copy: all changes of a transaction that commits at their position come after them. */
export const copiedOrder = -1

export function isAfter(left: LogPosition, right: LogPosition | undefined): boolean {
  if (right === undefined) return true
  return left.position > right.position || (left.position === right.position && left.order > right.order)
}

/** True of rows of the table copy that come as changes: those of a copy that goes on in a later snapshot. */
export function areCopied({ orders }: RowChanges): boolean {
  return orders[0] === copiedOrder
}

/** The position of one row. */
export function positionAt({ positions, orders }: RowChanges, row: number): LogPosition {
  return { position: positions[row]!, order: orders[row]! }
}

/** The first row that is after `applied`; the number of rows when there is none. Rows are in the log's order. */
export function firstRowAfter(changes: RowChanges, applied: LogPosition | undefined): number {
  let low = 0
  let high = changes.positions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isAfter(positionAt(changes, middle), applied)) high = middle
    else low = middle + 1
  }
  return low
}
