import { malformed } from '../codec/value-codec.ts'
import type { WireBytes } from '../codec/value-codec.ts'

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
/** Bits of the flags from here up must be known to the reader (PostgreSQL docs, COPY, "File Header"). */
const criticalFlags = 0xffff_0000

/** Reads the header of a binary COPY, with which the first message begins, and returns its length. */
export function readCopyHeader({ bytes, view }: WireBytes, start: number, end: number): number {
  const flagsAt = start + signature.length
  if (end < flagsAt + 8 || signature.compare(bytes, start, flagsAt) !== 0) {
    throw malformed('the data do not begin as a binary COPY')
  }
  if ((view.getUint32(flagsAt) & criticalFlags) !== 0) throw malformed('the binary COPY has unknown critical flags')
  const extensionBytes = view.getUint32(flagsAt + 4)
  const length = signature.length + 8 + extensionBytes
  if (start + length > end) throw malformed('the header of the binary COPY is cut off')
  return length
}
