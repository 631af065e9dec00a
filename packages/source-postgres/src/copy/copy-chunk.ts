import { writtenSince, xid32 } from '../transaction-ids.ts'
import type { CopyPart } from './copy-part.ts'

/** Pages of a part that one COPY sends: from `pageFirst` up to, but without, `pageEnd`; null: to the end, wherever it is. */
export interface CopyChunk {
  readonly part: CopyPart
  readonly pageFirst: number
  readonly pageEnd: number | null
  readonly bytesEstimated: number
  /** Of pages that an earlier run copied: only the rows that its snapshot did not show. */
  readonly since?: EarlierSnapshot
}

/** What an earlier snapshot showed: the rows of every transaction below `xmin`, and of those after it that are named. */
export interface EarlierSnapshot {
  readonly xmin: bigint
  readonly recentXids: ReadonlySet<bigint>
}

/** SQL: true for rows that the earlier snapshot did not show, of those that a later one shows. */
export function newSince({ xmin, recentXids }: EarlierSnapshot): string {
  const known = [...recentXids].map(xid32).join(',')
  return `${writtenSince(xmin)} AND xmin <> ALL ('{${known}}'::pg_catalog.xid[])`
}

export interface ChunkOptions {
  readonly chunkBytes: number
  /** Pages already copied. Default: 0. */
  readonly pageFirst?: number
}

/**
 * Divides a part into chunks of about `chunkBytes` each, TOAST included. The last one is open-ended: the table may have
 * shrunk or grown since it was measured, and a range that ends nowhere can leave nothing out. A part without row
 * addresses, or whose addresses the role may not read, is one chunk.
 */
export function planChunks(part: CopyPart, { chunkBytes, pageFirst = 0 }: ChunkOptions): CopyChunk[] {
  if (!part.isAddressable || part.pages === 0) {
    return [{ part, pageFirst: 0, pageEnd: null, bytesEstimated: part.bytes }]
  }
  const bytesPerPage = part.bytes / part.pages
  const pagesPerChunk = Math.max(1, Math.floor(chunkBytes / bytesPerPage))
  const chunks: CopyChunk[] = []
  let first = pageFirst
  while (first + pagesPerChunk < part.pages) {
    const end = first + pagesPerChunk
    chunks.push({ part, pageFirst: first, pageEnd: end, bytesEstimated: pagesPerChunk * bytesPerPage })
    first = end
  }
  const pagesLeft = Math.max(0, part.pages - first)
  return [...chunks, { part, pageFirst: first, pageEnd: null, bytesEstimated: pagesLeft * bytesPerPage }]
}

/** The pages of a part that an earlier run has copied, in pieces of the same size. */
export function chunksDone(
  part: CopyPart,
  { chunkBytes, pagesDone }: { readonly chunkBytes: number; readonly pagesDone: number | null },
): CopyChunk[] {
  const all = planChunks(part, { chunkBytes })
  if (pagesDone === null) return all
  return all
    .filter(({ pageFirst }) => pageFirst < pagesDone)
    .map((chunk) => ({ ...chunk, pageEnd: Math.min(chunk.pageEnd ?? pagesDone, pagesDone) }))
}

/**
 * SQL conditions for the rows of a chunk; none for a whole part. PostgreSQL 14 and later read exactly the named pages
 * (TID range scan). No row has line 0, so `(9,0)` lies between page 8 and page 9.
 */
export function chunkConditions({ pageFirst, pageEnd }: Pick<CopyChunk, 'pageFirst' | 'pageEnd'>): string[] {
  return [
    ...(pageFirst > 0 ? [`ctid >= '(${pageFirst},0)'`] : []),
    ...(pageEnd === null ? [] : [`ctid < '(${pageEnd},0)'`]),
  ]
}

/** SQL conditions for the rows of a part that are copied; none for all of them. */
export function rowConditions({ rowFilter }: Pick<CopyPart, 'rowFilter'>): string[] {
  return rowFilter === undefined ? [] : [`(${rowFilter})`]
}
