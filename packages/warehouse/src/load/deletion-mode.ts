/** What becomes of rows that are deleted in a replicated table. */
export type DeletionMode = 'hard_delete' | 'soft_delete'

/** The names in Airbyte's configurations mean the same. */
export function deletionModeOf(mode: DeletionMode | 'Hard delete' | 'Soft delete'): DeletionMode {
  return mode === 'soft_delete' || mode === 'Soft delete' ? 'soft_delete' : 'hard_delete'
}
