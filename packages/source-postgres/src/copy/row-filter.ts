/**
 * Which rows of a stream are copied, as SQL conditions by oid of a table: of the stream's own, or of its partitions. All
 * rows of a table that is not named. A condition names columns alone, which are called the same in table and partitions.
 */
export type RowFilters = ReadonlyMap<number, string>

/** The condition for rows that are read from one partition. */
export function rowFilterOf(
  filters: RowFilters,
  { part, whole }: { readonly part: number; readonly whole: number },
): string | undefined {
  return filters.get(part) ?? filters.get(whole)
}

/** The condition for rows that are read through the whole table, where partitions may have conditions of their own. */
export function rowFilterOfWhole(filters: RowFilters, whole: number): string | undefined {
  const own = filters.get(whole)
  if (own !== undefined || filters.size === 0) return own
  const branches = [...filters].map(([oid, condition]) => `WHEN '${oid}'::pg_catalog.oid THEN (${condition})`)
  return `CASE tableoid ${branches.join(' ')} ELSE true END`
}
