import type { UnrepresentableValue } from '@eclusa/sdk'
import type { ColumnData } from '../chunk/column-data.ts'

/** A change made to a value on its way, and who made it: the source's column type, or what DuckDB can hold. */
export interface MetaChange extends UnrepresentableValue {
  readonly by: 'source' | 'destination'
}

/** Airbyte's vocabulary for who could not write a value; `detail` says why in words. */
const reasons = { source: 'SOURCE_SERIALIZATION_ERROR', destination: 'DESTINATION_SERIALIZATION_ERROR' } as const

/**
 * The text of `_airbyte_meta`: `{"sync_id":"…","changes":[]}`, each change with `field`, `change`, `reason`, and beyond
 * Airbyte's keys `detail` and the exact `value`. JSON in DuckDB refuses lone surrogates, so texts are made well-formed.
 */
export function metaText(syncId: string, changes: readonly MetaChange[]): string {
  const entries = changes.map(({ column, change, reason, text, by }) => ({
    field: column,
    change,
    reason: reasons[by],
    detail: reason.toWellFormed(),
    value: text.toWellFormed(),
  }))
  return JSON.stringify({ sync_id: syncId, changes: entries })
}

/** One text for each row: `changed` by row, `unchanged` for all others. */
export function metaColumn(rowCount: number, unchanged: string, changed: ReadonlyMap<number, string>): ColumnData {
  const usual = Buffer.from(unchanged)
  const texts = new Map([...changed].map(([row, text]) => [row, Buffer.from(text)]))
  const extraBytes = [...texts.values()].reduce((sum, text) => sum + text.length - usual.length, 0)
  const values = new Uint8Array(rowCount * usual.length + extraBytes)
  const offsets = new Int32Array(rowCount + 1)
  let end = 0
  for (let row = 0; row < rowCount; row++) {
    const text = texts.get(row) ?? usual
    values.set(text, end)
    end += text.length
    offsets[row + 1] = end
  }
  return { length: rowCount, bitOffset: 0, nullCount: 0, validity: undefined, values, offsets, elements: undefined }
}
