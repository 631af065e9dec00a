import type { FixedColumn } from './arrow-column.ts'
import { expectLength } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'

/*
 * The binary half of codecs whose values are 32 or 64 bits that are stored as they are: only the order of their bytes
 * changes. What the bits mean, such as a float or a time, is the codec's to say in text.
 */

type BinaryHalf = Pick<ValueCodec, 'hasBinaryForm' | 'decodeBinary' | 'inline'>

export const wireWord: BinaryHalf = {
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 4)
    target.words[row] = view.getInt32(start)
  },
  inline: { kind: 'fixed', length: 4, source: ({ words }) => `${words}[i] = view.getInt32(p);` },
}

export const wireLong: BinaryHalf = {
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 8)
    target.words[2 * row + 1] = view.getInt32(start)
    target.words[2 * row] = view.getInt32(start + 4)
  },
  inline: {
    kind: 'fixed',
    length: 8,
    source: ({ words }) => `${words}[2 * i + 1] = view.getInt32(p); ${words}[2 * i] = view.getInt32(p + 4);`,
  },
}
