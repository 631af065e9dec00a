/** The schema that holds what eclusa itself keeps: checkpoints, commits, generations. */
export const ledgerSchema = '_eclusa'

/** Begins the names of tables that are being loaded and not yet visible under their own name. */
const loadingPrefix = '_eclusa_loading_'

/**
 * Where a refresh is loaded: beside its target, because DuckDB (1.5) renames tables only within a schema.
 */
export function loadingTableOf(identifier: string): string {
  return `${loadingPrefix}${identifier}`
}

export function isReservedIdentifier(identifier: string): boolean {
  return foldIdentifier(identifier).startsWith(loadingPrefix)
}

/** Two names are one name to DuckDB when these are equal: it folds ASCII letters and no others. */
export function foldIdentifier(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}
