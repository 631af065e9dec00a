import type { Data } from 'apache-arrow'

/** Every buffer of Arrow's data once, those without which a column can do among them. */
export function arrowBuffersOf(children: readonly Data[]): ArrayBuffer[] {
  const listOf = (data: Data): (ArrayBufferView | undefined)[] => [
    data.nullBitmap,
    data.values,
    data.valueOffsets,
    ...data.children.flatMap(listOf),
  ]
  const buffers = children.flatMap(listOf).flatMap((view) => (view?.buffer instanceof ArrayBuffer ? [view.buffer] : []))
  return [...new Set(buffers)].filter(({ byteLength }) => byteLength > 0)
}
