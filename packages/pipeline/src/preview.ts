import { EclusaError, byteBudget, formatColumnType, formatValue, streamKey } from '@eclusa/sdk'
import type { ChangeBatch, ConfiguredSource, ConfiguredStream, ConnectorContext, DiscoveredCatalog } from '@eclusa/sdk'
import { resolveCatalog } from './resolve-catalog.ts'

export interface StreamPreview {
  readonly stream: string
  readonly columns: readonly { readonly name: string; readonly type: string; readonly sourceType: string }[]
  /** Exact text of each value, null for NULL. A value that its type cannot hold shows the source's own text. */
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface PreviewOptions {
  readonly source: ConfiguredSource
  readonly discovered: DiscoveredCatalog
  readonly stream: string
  readonly rowsMax: number
  readonly context: ConnectorContext
}

const previewBytesMax = 4 * 1024 * 1024

/** Reads the first rows of a stream and lets go of the source. */
export async function previewStream({
  source,
  discovered,
  stream,
  rowsMax,
  context,
}: PreviewOptions): Promise<StreamPreview> {
  const catalog = resolveCatalog({
    discovered,
    selections: [{ name: stream }],
    defaults: {},
    destinationSyncModes: ['overwrite'],
  })
  const configured = catalog.streams[0]
  if (configured === undefined)
    throw new EclusaError('STREAM_SELECTION_INVALID', { message: `There is no stream "${stream}".` })
  const rows: (string | null)[][] = []
  const budget = byteBudget({ bytesMax: previewBytesMax, readers: 1, batchRowsMax: Math.max(rowsMax, 1) })
  for await (const message of source.read({ catalog, checkpoints: [], budget, ...context })) {
    if (message.type === 'batch') rows.push(...textRows(message.batch).slice(0, rowsMax - rows.length))
    if (rows.length >= rowsMax) break
  }
  return { stream: streamKey(configured.stream), columns: columnsOf(configured), rows }
}

function columnsOf({ schema }: ConfiguredStream): StreamPreview['columns'] {
  return schema.columns.map(({ name, type, sourceType }) => ({
    name,
    type: formatColumnType(type),
    sourceType: sourceType ?? '',
  }))
}

function textRows({ records, schema, unrepresentable }: ChangeBatch): (string | null)[][] {
  const vectors = schema.columns.map((column, index) => ({ column, data: records.data.children[index]! }))
  const rows = Array.from({ length: records.numRows }, (_, row) =>
    vectors.map(({ column, data }) => formatValue(column.type, data, row)),
  )
  for (const { row, column, text } of unrepresentable) {
    rows[row]![schema.columns.findIndex(({ name }) => name === column)] = text
  }
  return rows
}
