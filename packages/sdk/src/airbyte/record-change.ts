import type { UnrepresentableValue } from '../change-batch.ts'

/** Airbyte's words for who could not hold a value. */
export const changeReasons = {
  source: 'SOURCE_SERIALIZATION_ERROR',
  destination: 'DESTINATION_SERIALIZATION_ERROR',
} as const

/**
 * A change of `meta.changes` as we write it: Airbyte's three keys, and beyond them why in words and the exact text, which
 * other programs pass over.
 */
export function recordChange({ column, change, reason, text }: Omit<UnrepresentableValue, 'row'>): object {
  return {
    field: column,
    change,
    reason: changeReasons.source,
    detail: reason.toWellFormed(),
    value: text.toWellFormed(),
  }
}
