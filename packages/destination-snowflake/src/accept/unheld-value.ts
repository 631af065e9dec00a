import { createHash } from 'node:crypto'
import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import { metaText } from '@eclusa/warehouse/load'
import type { MetaChange } from '@eclusa/warehouse/load'

/** @throws UNREPRESENTABLE_VALUE */
export function refuseUnrepresentable(
  { stream, onUnrepresentable, destinationSyncMode, primaryKey }: ConfiguredStream,
  values: readonly { readonly column: string; readonly reason: string }[],
): void {
  const isKey = ({ column }: { column: string }) =>
    destinationSyncMode === 'append_dedup' && primaryKey.includes(column)
  const value = onUnrepresentable === 'fail' ? values[0] : values.find(isKey)
  if (value === undefined) return
  const { column, reason } = value
  throw new EclusaError('UNREPRESENTABLE_VALUE', {
    message: `Stream ${streamKey(stream)}, ${isKey(value) ? 'key ' : ''}column "${column}": ${reason}.`,
    ...(isKey(value) && {
      remedy:
        'Rows are merged by their key, so it must be exact: give the column the type text, or load the stream with append or overwrite.',
    }),
    details: { stream: streamKey(stream), column, reason },
  })
}

/** Texts of `_airbyte_meta` of the rows in which a value changed. */
export function changedMeta(
  runId: string,
  changes: readonly MetaChange[],
  valueBytesMax: number,
): ReadonlyMap<number, string> {
  const byRow = Map.groupBy(changes, ({ row }) => row)
  return new Map([...byRow].map(([row, ofRow]) => [row, heldMetaText(runId, ofRow, valueBytesMax)]))
}

/** Texts up to here stay in a meta that is too large itself. */
const keptCharacters = 65_536

/** The meta is a VARIANT, and no larger than one: of texts that do not fit it has the size and the hash. */
function heldMetaText(runId: string, changes: readonly MetaChange[], bytesMax: number): string {
  const characters = changes.reduce((sum, { text }) => sum + text.length, 0)
  // No text is made that could not be kept: strings have a limit too.
  const whole = characters <= bytesMax ? metaText(runId, changes) : undefined
  if (whole !== undefined && Buffer.byteLength(whole) <= bytesMax) return whole
  return metaText(
    runId,
    changes.map((change) => (change.text.length <= keptCharacters ? change : hashed(change))),
  )
}

function hashed(change: MetaChange): MetaChange {
  const bytes = Buffer.from(change.text)
  const hash = createHash('sha256').update(bytes).digest('hex')
  const reason = `${change.reason}; its text of ${bytes.length} bytes is too large for the meta as well: value is its SHA-256`
  return { ...change, reason, text: `sha256:${hash}` }
}
