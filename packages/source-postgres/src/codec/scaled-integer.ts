import type { FixedColumn } from './arrow-column.ts'

/*
 * Unscaled values of decimals, up to 38 digits, without BigInt: an accumulator of 32-bit limbs. One value is built at a
 * time, so there is one accumulator, which no caller keeps across values.
 */

/** 10^38 takes 127 bits; the fifth limb shows that a value grew beyond. */
const limbs = new Uint32Array(5)

const powersOfTen = Array.from({ length: 39 }, (_, power) => toLimbs(10n ** BigInt(power)))

export function clearScaled(): void {
  limbs.fill(0)
}

/** accumulator = accumulator * factor + addend; both below 2^20. False when it no longer fits 160 bits. */
export function multiplyAddScaled(factor: number, addend: number): boolean {
  let carry = addend
  for (let index = 0; index < 5; index++) {
    const product = limbs[index]! * factor + carry
    carry = Math.floor(product / 0x1_0000_0000)
    limbs[index] = product - carry * 0x1_0000_0000
  }
  return carry === 0
}

/** True when the accumulator has at most this many decimal digits. */
export function scaledFits(precision: number): boolean {
  const limit = powersOfTen[precision]!
  for (let index = 4; index >= 0; index--) {
    if (limbs[index]! !== limit[index]!) return limbs[index]! < limit[index]!
  }
  return false
}

/** Stores the accumulator as a two's complement of 8 or 16 bytes, by the column's width. */
export function storeScaled(target: FixedColumn, row: number, isNegative: boolean): void {
  const words = target.bytesPerRow / 4
  let carry = 1
  for (let word = 0; word < words; word++) {
    const at = row * words + word
    if (!isNegative) {
      target.words[at] = limbs[word]!
      continue
    }
    const inverted = (~limbs[word]! >>> 0) + carry
    target.words[at] = inverted
    carry = inverted > 0xffff_ffff ? 1 : 0
  }
}

function toLimbs(value: bigint): Uint32Array {
  return Uint32Array.from({ length: 5 }, (_, index) => Number((value >> BigInt(32 * index)) & 0xffff_ffffn))
}
