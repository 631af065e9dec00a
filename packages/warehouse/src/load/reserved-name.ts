import { foldCase } from './table-rules.ts'
import type { TableRules } from './table-rules.ts'

/** The schema that holds what eclusa itself keeps: checkpoints, commits, generations. */
export const ledgerSchema = '_eclusa'

/** Begins the names of tables that are being loaded and not yet visible under their own name. */
const loadingPrefix = '_eclusa_loading_'

/** Where a refresh is loaded: beside its target, because DuckDB (1.5) renames tables only within a schema. */
export function loadingTableOf({ nameOf }: TableRules, identifier: string): string {
  return `${nameOf(loadingPrefix)}${identifier}`
}

export function isReservedIdentifier(identifier: string): boolean {
  return foldCase(identifier).startsWith(loadingPrefix)
}
