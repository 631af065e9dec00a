import { createBatchBuilder, parseColumnType } from '@eclusa/sdk'
import type { ChangeBatch, ColumnType, ConfiguredStream, StreamName, StreamSchema } from '@eclusa/sdk'

// A stream, and batches of its rows.

export type Columns = Readonly<Record<string, string>>

/** `{ id: 'int32', name: 'text' }` as a stream schema. */
export function schemaOf(columns: Columns, version = 1): StreamSchema {
  return {
    version,
    columns: Object.entries(columns).map(([name, text]) => ({ name, type: typeOf(text), nullable: true })),
  }
}

function typeOf(text: string): ColumnType {
  const type = parseColumnType(text)
  if (type === undefined) throw new Error(`no column type: ${text}`)
  return type
}

export const stream: StreamName = { namespace: 'shop', name: 'orders' }

/** A stream of orders with key `id`; overwritten by each full refresh unless told otherwise. */
export function configured(options: Partial<ConfiguredStream> & { readonly columns?: Columns } = {}): ConfiguredStream {
  const { columns = { id: 'int32', note: 'text' }, ...rest } = options
  return {
    stream,
    kind: 'table',
    schema: schemaOf(columns),
    syncModes: ['full_refresh', 'incremental'],
    primaryKey: ['id'],
    cursorCandidates: [],
    isResumable: true,
    notes: [],
    syncMode: 'full_refresh',
    destinationSyncMode: 'overwrite',
    target: { namespace: 'staging', name: 'orders' },
    schemaPolicy: 'evolve',
    onUnrepresentable: 'keep_text',
    ...rest,
  }
}

/** A second stream, of another table. */
export function configuredItems(options: Partial<ConfiguredStream> = {}): ConfiguredStream {
  return configured({
    stream: { namespace: 'shop', name: 'items' },
    target: { namespace: 'staging', name: 'items' },
    ...options,
  })
}

/** Rows of a stream as a batch that owns its buffers. */
export function batchOf(
  rows: readonly (readonly unknown[])[],
  of: ConfiguredStream = configured(),
  schema = of.schema,
): ChangeBatch {
  const builder = createBatchBuilder({
    stream: of.stream,
    schema,
    budget: { batchBytesMax: Infinity, batchRowsMax: Infinity },
  })
  for (const row of rows) builder.append(row)
  return builder.finish()
}
