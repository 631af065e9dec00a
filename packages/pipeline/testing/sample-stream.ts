import { arrowSchemaOf } from '@eclusa/sdk'
import type { ChangeBatch, DiscoveredStream } from '@eclusa/sdk'
import { Int64, RecordBatch, Struct, makeData } from 'apache-arrow'

const schema = { version: 1, columns: [{ name: 'id', type: { type: 'int64' }, nullable: false }] } as const

/** A table with one column, its key. */
export function discovered(name: string): DiscoveredStream {
  return {
    stream: { name },
    kind: 'table',
    schema,
    syncModes: ['full_refresh', 'incremental'],
    primaryKey: ['id'],
    cursorCandidates: ['id'],
    isResumable: true,
    notes: [],
  }
}

export function batchOf(name: string, ids: readonly bigint[]): ChangeBatch {
  const arrow = arrowSchemaOf(schema)
  const column = makeData({ type: new Int64(), length: ids.length, nullCount: 0, data: BigInt64Array.from(ids) })
  const records = new RecordBatch(
    arrow,
    makeData({ type: new Struct(arrow.fields), length: ids.length, nullCount: 0, children: [column] }),
  )
  return { stream: { name }, schema, records, byteLength: ids.length * 8, unrepresentable: [] }
}
