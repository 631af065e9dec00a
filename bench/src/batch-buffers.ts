import type { ChangeBatch } from '@eclusa/sdk'

interface ColumnData {
  readonly buffers: readonly (ArrayBufferView | undefined)[]
  readonly children: readonly ColumnData[]
}

/** Gives every buffer of the batch back, once, as a destination does. */
export function giveBack({ records, recycle }: ChangeBatch): void {
  const found = new Set<ArrayBuffer>()
  const visit = ({ buffers, children }: ColumnData): void => {
    for (const view of Object.values(buffers))
      if (view !== undefined && view.byteLength > 0) found.add(view.buffer as ArrayBuffer)
    for (const child of children) visit(child)
  }
  for (const column of records.data.children) visit(column as unknown as ColumnData)
  recycle?.([...found])
}
