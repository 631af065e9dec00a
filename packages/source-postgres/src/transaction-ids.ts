/*
 * Transaction ids. A row carries only the lower 32 bits of the id that wrote it (its xmin); snapshots and checkpoints
 * have all 64. The upper bits follow from a snapshot, because no row that it shows was written after it.
 *
 * The one exception: of a row older than 4,294,967,296 transactions the lower bits say nothing about its age, and
 * PostgreSQL knows only from a flag (frozen) that SQL does not show. Such a row can be taken for a recent one. Where ids
 * are used, that costs reading the row again, once per 4,294,967,296 transactions of the server; it never loses one.
 */

const xidModulus = 2n ** 32n
/** Two ids further apart than this cannot be ordered by their lower 32 bits. */
export const xidDistanceMax = 2n ** 31n - 1n

/** Ids that a checkpoint may hold: as ranges, some megabytes at the very worst. */
export const xidsMax = 1_000_000

/** The lower 32 bits, as the type xid prints them. */
export function xid32(xid: bigint): string {
  return String(xid % xidModulus)
}

/** The first id from `from` on with these lower 32 bits. */
export function widenXid(text: string, from: bigint): bigint {
  const distance = (BigInt(text) - from) % xidModulus
  return from + (distance < 0n ? distance + xidModulus : distance)
}

/**
 * SQL: true for rows written by transaction `from` or a later one. It compares by age(), which is exact for ids less
 * than 2^31 apart and, unlike a cast to text, costs next to nothing per row. Rows without a real id (of bootstrap, or
 * frozen by a server before 9.4) have the greatest age.
 */
export function writtenSince(from: bigint): string {
  return `pg_catalog.age(xmin) BETWEEN 0 AND pg_catalog.age('${xid32(from)}'::pg_catalog.xid)`
}

/** Writes ids as ascending ranges: `7,9-12`. */
export function formatXids(xids: Iterable<bigint>): string {
  const sorted = [...xids].toSorted((left, right) => (left < right ? -1 : Number(left > right)))
  const ranges: { first: bigint; last: bigint }[] = []
  for (const xid of sorted) {
    const range = ranges.at(-1)
    if (range !== undefined && xid <= range.last + 1n) range.last = xid
    else ranges.push({ first: xid, last: xid })
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/** Reads what `formatXids` writes. */
export function parseXids(text: string): Set<bigint> {
  const xids = new Set<bigint>()
  for (const range of text === '' ? [] : text.split(',')) {
    const [first = '', last = first] = range.split('-')
    for (let xid = BigInt(first); xid <= BigInt(last); xid++) xids.add(xid)
  }
  return xids
}
