import type { ResultColumn, ResultRow, StatementResult } from '../engine/statement.ts'
import { encodeArrow } from './arrow-rowset.ts'
import type { ResultSpool, SpooledChunk } from './result-spool.ts'

export type RowsetFormat = 'json' | 'arrow'

export interface RowsetLimits {
  /** Rows up to about this many bytes come with the answer. */
  readonly inlineBytesMax: number
  /** Each chunk that is fetched apart has about this many bytes before it is packed. */
  readonly chunkBytesMax: number
}

/** The fields of an answer that hold its rows, and how many there are. */
export interface Rowset {
  readonly total: number
  readonly returned: number
  readonly inlineBytes: number
  readonly fields: Record<string, unknown>
  readonly chunks: readonly SpooledChunk[]
}

interface RowsetOptions {
  readonly format: RowsetFormat
  readonly limits: RowsetLimits
  readonly spool: ResultSpool
}

/** Reads a result to its end. What does not fit into the answer goes to the spool, block by block. */
export async function collectRowset(
  result: StatementResult,
  { format, limits, spool }: RowsetOptions,
): Promise<Rowset> {
  const chunks: SpooledChunk[] = []
  let inline: { readonly rows: readonly ResultRow[]; readonly bytes: number } | undefined
  let total = 0
  try {
    for await (const part of divideRows(result.rows, limits)) {
      total += part.rows.length
      if (inline === undefined) inline = part
      else chunks.push(await spool.write(encodeChunk(format, part.rows, result.columns), part.rows.length))
    }
  } catch (error) {
    await spool.drop(chunks.map((chunk) => chunk.id))
    throw error
  }
  const rows = inline?.rows ?? []
  return {
    total,
    returned: total,
    inlineBytes: inline?.bytes ?? 0,
    fields: format === 'arrow' ? arrowFields(rows, result.columns) : { queryResultFormat: 'json', rowset: rows },
    chunks,
  }
}

async function* divideRows(blocks: AsyncIterable<readonly ResultRow[]>, limits: RowsetLimits) {
  let rows: ResultRow[] = []
  let bytes = 0
  let bytesMax = limits.inlineBytesMax
  for await (const block of blocks) {
    for (const row of block) {
      const size = rowBytes(row)
      if (rows.length > 0 && bytes + size > bytesMax) {
        yield { rows, bytes }
        rows = []
        bytes = 0
        bytesMax = limits.chunkBytesMax
      }
      rows.push(row)
      bytes += size
    }
  }
  if (rows.length > 0) yield { rows, bytes }
}

function rowBytes(row: ResultRow): number {
  let bytes = 2
  for (const value of row) bytes += value === null ? 5 : value.length + 3
  return bytes
}

function arrowFields(rows: readonly ResultRow[], columns: readonly ResultColumn[]): Record<string, unknown> {
  return { queryResultFormat: 'arrow', rowsetBase64: encodeArrow(rows, columns).toString('base64') }
}

/** Rows of a JSON chunk are parted by commas, without brackets around them. */
function encodeChunk(format: RowsetFormat, rows: readonly ResultRow[], columns: readonly ResultColumn[]): Buffer {
  if (format === 'arrow') return encodeArrow(rows, columns)
  return Buffer.from(rows.map((row) => JSON.stringify(row)).join(','))
}
