import type { VariableColumn } from './arrow-column.ts'
import { malformed } from './value-codec.ts'
import type { ValueCodec, WireBytes } from './value-codec.ts'

/** bit and bit varying as text of 0 and 1, first bit first. */
export const bitStringCodec: ValueCodec = {
  columnType: { type: 'text' },
  hasBinaryForm: true,
  keepsText: true,
  decodeBinary(target: VariableColumn, row, wire, start, length) {
    const bits = bitCount(wire, start, length)
    target.ensure(bits)
    writeBits(wire, start, bits, target.block, target.variableBytes)
    target.finishValue(row, bits)
  },
  decodeText(target: VariableColumn, row, text) {
    target.appendText(row, text)
  },
  formatBinary(wire, start, length) {
    const bits = bitCount(wire, start, length)
    const text = Buffer.allocUnsafe(bits)
    writeBits(wire, start, bits, text, 0)
    return text.toString('latin1')
  },
}

const bitsStart = 4
const zero = 48

function bitCount({ view }: WireBytes, start: number, length: number): number {
  if (length < bitsStart) throw malformed('the bit string is shorter than its header')
  const bits = view.getInt32(start)
  if (length !== bitsStart + Math.ceil(bits / 8)) throw malformed('the bit string has a wrong number of bytes')
  return bits
}

function writeBits({ bytes }: WireBytes, start: number, bits: number, target: Buffer, at: number): void {
  for (let bit = 0; bit < bits; bit++) {
    const byte = bytes[start + bitsStart + (bit >> 3)]!
    target[at + bit] = zero + ((byte >> (7 - (bit & 7))) & 1)
  }
}
