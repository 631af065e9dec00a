import type { WireBytes } from '../codec/value-codec.ts'
import { endsEarly } from './message-fields.ts'
import { protocolViolation } from './protocol-violation.ts'

/* Tuples of pgoutput as bytes: see field-group.ts for the kinds of their fields. */

const binaryKind = 0x62
const textKind = 0x74
const nullKind = 0x6e
const unchangedKind = 0x75

/** Where a tuple that something else follows ends. @throws REPLICATION_PROTOCOL_VIOLATION */
export function endOfTuple(wire: WireBytes, start: number, end: number): number {
  if (start + 2 > end) throw endsEarly()
  const count = wire.view.getInt16(start)
  let at = start + 2
  for (let field = 0; field < count; field++) at = endOfField(wire, at, end)
  return at
}

/**
 * True when the key of a new row is that of the old one, byte by byte: then an update has not moved the row. An old row
 * with all its fields comes with every update under REPLICA IDENTITY FULL, and tells nothing by being there. Values that
 * are equal but written differently, such as 1.0 and 1.00, count as different.
 *
 * @param keyFields indexes of the key's fields in the relation, ascending.
 * @throws REPLICATION_PROTOCOL_VIOLATION
 */
export function hasSameKey(
  wire: WireBytes,
  { oldTuple, newTuple, newTupleEnd: end }: { readonly oldTuple: number; newTuple: number; newTupleEnd: number },
  keyFields: readonly number[],
): boolean {
  let old = oldTuple + 2
  let now = newTuple + 2
  let field = 0
  for (const key of keyFields) {
    for (; field < key; field++) {
      old = endOfField(wire, old, end)
      now = endOfField(wire, now, end)
    }
    const oldEnd = endOfField(wire, old, end)
    const nowEnd = endOfField(wire, now, end)
    const isSame = wire.bytes[now] === unchangedKind || wire.bytes.compare(wire.bytes, old, oldEnd, now, nowEnd) === 0
    if (!isSame) return false
    old = oldEnd
    now = nowEnd
    field++
  }
  return true
}

function endOfField({ bytes, view }: WireBytes, start: number, end: number): number {
  const kind = start < end ? bytes[start] : undefined
  if (kind === nullKind || kind === unchangedKind) return start + 1
  if (kind === undefined || start + 5 > end) throw endsEarly()
  if (kind !== binaryKind && kind !== textKind) throw protocolViolation('a field of a row is of an unknown kind')
  const length = view.getInt32(start + 1)
  if (length < 0 || length > end - start - 5) throw endsEarly()
  return start + 5 + length
}
