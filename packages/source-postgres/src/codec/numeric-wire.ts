import { malformed } from './value-codec.ts'
import type { WireBytes } from './value-codec.ts'

/*
 * The binary form of numeric (PostgreSQL's numeric_send): digits in base 10000, of which the first counts
 * 10000^weight, and `displayScale`, the digits after the point that are printed.
 */

export const numericHeaderBytes = 8
export const numericNegative = 0x4000

const specialTexts: Readonly<Record<number, string>> = { 0xc000: 'NaN', 0xd000: 'Infinity', 0xf000: '-Infinity' }

export interface NumericHeader {
  readonly digitCount: number
  readonly weight: number
  readonly isNegative: boolean
  readonly displayScale: number
  /** Set when the value is no number: `NaN`, `Infinity`, `-Infinity`. */
  readonly special: string | undefined
}

export function readNumericHeader({ view }: WireBytes, start: number, length: number): NumericHeader {
  if (length < numericHeaderBytes) throw malformed('the numeric is shorter than its header')
  const digitCount = view.getUint16(start)
  const sign = view.getUint16(start + 4)
  const special = specialTexts[sign]
  if (special === undefined && (sign & ~numericNegative) !== 0) throw malformed('the numeric has an unknown sign')
  if (length !== numericHeaderBytes + 2 * digitCount) throw malformed('the numeric has a wrong number of digits')
  return {
    digitCount,
    weight: view.getInt16(start + 2),
    isNegative: sign === numericNegative,
    displayScale: view.getUint16(start + 6),
    special,
  }
}

/** The index-th base 10000 digit; 0 outside of those that were sent. */
export function numericDigit({ view }: WireBytes, start: number, header: NumericHeader, index: number): number {
  if (index < 0 || index >= header.digitCount) return 0
  const digit = view.getUint16(start + numericHeaderBytes + 2 * index)
  if (digit > 9999) throw malformed('the numeric has a digit beyond 9999')
  return digit
}

/** An upper bound of the bytes that `writeNumeric` writes. */
export function numericTextBytesMax(header: NumericHeader): number {
  return 16 + Math.max(0, header.weight + 1) * 4 + header.displayScale
}

const zero = 48
const minus = 45
const point = 46

/** Writes the text that numeric_out prints, in ASCII, and returns where it ends. */
export function writeNumeric(
  wire: WireBytes,
  start: number,
  header: NumericHeader,
  target: Buffer,
  at: number,
): number {
  if (header.special !== undefined) return at + target.write(header.special, at, 'latin1')
  let end = at
  if (header.isNegative) target[end++] = minus
  end = writeWholePart(wire, start, header, target, end)
  if (header.displayScale === 0) return end
  target[end++] = point
  return writeFraction(wire, start, header, target, end)
}

function writeWholePart(wire: WireBytes, start: number, header: NumericHeader, target: Buffer, at: number): number {
  if (header.weight < 0) {
    target[at] = zero
    return at + 1
  }
  const first = numericDigit(wire, start, header, 0)
  let end = at + target.write(String(first), at, 'latin1')
  for (let index = 1; index <= header.weight; index++) {
    writeDigits(target, end, numericDigit(wire, start, header, index))
    end += 4
  }
  return end
}

/** Writes whole groups of four digits: up to three more than are wanted, for which `numericTextBytesMax` leaves room. */
function writeFraction(wire: WireBytes, start: number, header: NumericHeader, target: Buffer, at: number): number {
  const groups = Math.ceil(header.displayScale / 4)
  for (let group = 0; group < groups; group++) {
    // Below 0.0001 the first groups are zeros that are not sent: their index is negative.
    writeDigits(target, at + 4 * group, numericDigit(wire, start, header, header.weight + 1 + group))
  }
  return at + header.displayScale
}

function writeDigits(target: Buffer, at: number, digit: number): void {
  target[at] = zero + Math.floor(digit / 1000)
  target[at + 1] = zero + (Math.floor(digit / 100) % 10)
  target[at + 2] = zero + (Math.floor(digit / 10) % 10)
  target[at + 3] = zero + (digit % 10)
}

export function formatNumeric(wire: WireBytes, start: number, length: number): string {
  const header = readNumericHeader(wire, start, length)
  const buffer = Buffer.allocUnsafe(numericTextBytesMax(header))
  return buffer.toString('latin1', 0, writeNumeric(wire, start, header, buffer, 0))
}
