import type { ChangeBatch } from '@eclusa/sdk'
import { createBufferPool } from '../src/codec/buffer-pool.ts'
import { PgoutputReader } from '../src/replication/pgoutput-reader.ts'
import { RelationDecoder } from '../src/replication/relation-decoder.ts'
import type { DecodedRows, RelationDecoderOptions } from '../src/replication/relation-decoder.ts'
import { wireOf } from './pgoutput-capture.ts'
import { testBudget } from './table-plan.ts'
import type { TablePlan } from './table-plan.ts'

export interface DecodeRowsOptions extends Partial<RelationDecoderOptions> {
  /** Only changes of these type bytes. Default: all. */
  readonly kind?: number
  /** Only old or only new rows. Default: both. */
  readonly which?: 'old' | 'new'
}

/** Rows of the messages' one relation, in order, in one batch. */
export function decodeRows(
  messages: readonly Uint8Array[],
  { schema, codecs, table }: TablePlan,
  { kind, which, ...options }: DecodeRowsOptions = {},
): DecodedRows {
  const reader = new PgoutputReader()
  let decoder: RelationDecoder | undefined
  for (const message of messages) {
    const { wire, start, end } = wireOf(message)
    if (!reader.read(wire, start, end)) {
      const relation = reader.message()
      if (relation.kind !== 'relation') continue
      const pool = createBufferPool({ bytesMax: 2 ** 20 })
      const stream = { name: table }
      decoder ??= new RelationDecoder({ relation, stream, schema, codecs, budget: testBudget, pool, ...options })
      continue
    }
    if (decoder === undefined) throw new Error('A change came before its relation.')
    if (kind !== undefined && reader.kind !== kind) continue
    if (reader.oldTuple !== -1 && which !== 'new')
      decoder.add(wire, reader.oldTuple, reader.oldTupleEnd, reader.isKeyOnly)
    if (reader.newTuple !== -1 && which !== 'old') decoder.add(wire, reader.newTuple, reader.newTupleEnd, false)
    decoder.decode(wire)
  }
  if (decoder === undefined) throw new Error('There was no relation.')
  return decoder.finish()
}

/** The rows of a column that are marked as absent. */
export function absentRows({ absent, batch }: { absent: DecodedRows['absent']; batch: ChangeBatch }): number[][] {
  const rows = Array.from({ length: batch.records.numRows }, (_, row) => row)
  return absent.map((bits) => rows.filter((row) => ((bits?.[row >> 3] ?? 0) >> (row & 7)) & 1))
}
