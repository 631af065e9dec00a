import type { UnrepresentableValue } from '@eclusa/sdk'

/** A change made to a value on its way, and who made it: the source's column type, or what the warehouse can hold. */
export interface MetaChange extends UnrepresentableValue {
  readonly by: 'source' | 'destination'
}

/** Airbyte's vocabulary for who could not write a value; `detail` says why in words. */
const reasons = { source: 'SOURCE_SERIALIZATION_ERROR', destination: 'DESTINATION_SERIALIZATION_ERROR' } as const

/**
 * The text of `_airbyte_meta`: `{"sync_id":"…","changes":[]}`, each change with `field`, `change`, `reason`, and beyond
 * Airbyte's keys `detail` and the exact `value`. JSON in warehouses refuses lone surrogates, so texts are made well-formed.
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
