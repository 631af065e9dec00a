import { decimal64PrecisionMax } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import type { FixedColumn, VariableColumn } from './arrow-column.ts'
import {
  formatNumeric,
  numericDigit,
  numericHeaderBytes,
  numericNegative,
  numericTextBytesMax,
  readNumericHeader,
  writeNumeric,
} from './numeric-wire.ts'
import type { NumericHeader } from './numeric-wire.ts'
import { clearScaled, multiplyAddScaled, scaledFits, storeScaled } from './scaled-integer.ts'
import { malformed } from './value-codec.ts'
import type { InlineNames, ValueCodec, WireBytes } from './value-codec.ts'

const zeroCode = 48
const pointCode = 46
const minusCode = 45

type DecimalType = Extract<ColumnType, { type: 'decimal' }>

/** numeric as the text that PostgreSQL prints: every digit, the scale, NaN and the infinities. */
export const numericTextCodec: ValueCodec = {
  columnType: { type: 'text' },
  hasBinaryForm: true,
  keepsText: true,
  decodeBinary(target: VariableColumn, row, wire, start, length) {
    const header = readNumericHeader(wire, start, length)
    target.ensure(numericTextBytesMax(header))
    const end = writeNumeric(wire, start, header, target.block, target.variableBytes)
    target.finishValue(row, end - target.variableBytes)
  },
  decodeText(target: VariableColumn, row, text) {
    target.appendText(row, text)
  },
  formatBinary: formatNumeric,
}

/**
 * The column type that holds every finite value of a numeric with this typmod: decimal(12,2) for numeric(12,2);
 * decimal(8,0) for numeric(5,-3), whose values are rounded to thousands; decimal(5,5) for numeric(3,5). Undefined
 * without precision, or beyond 38 digits.
 */
export function decimalTypeOf(typmod: number): DecimalType | undefined {
  if (typmod < 4) return undefined
  const precision = ((typmod - 4) >> 16) & 0xffff
  // Eleven bits in two's complement since PostgreSQL 15; before, the scale was never negative.
  const scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024
  const digits = scale < 0 ? precision - scale : Math.max(precision, scale)
  return digits > 38 ? undefined : { type: 'decimal', precision: digits, scale: Math.max(scale, 0) }
}

/** numeric in a decimal column. Values that do not fit it are rejected: NaN, the infinities, too many digits. */
export function decimalCodec(columnType: DecimalType): ValueCodec {
  const shape = shapeOf(columnType)
  return {
    columnType,
    hasBinaryForm: true,
    decodeBinary(target: FixedColumn, row, wire, start, length) {
      const header = readNumericHeader(wire, start, length)
      if (header.special === undefined && accumulate(wire, start, header, shape)) {
        storeScaled(target, row, header.isNegative)
      } else {
        target.reject(row, misfit(columnType, header.special), formatNumeric(wire, start, length))
      }
    },
    decodeText(target: FixedColumn, row, text) {
      const small = parseSmall(text, columnType)
      if (small !== undefined) {
        storeSmall(target, row, small)
        return
      }
      const special = /^-?[NI]/.test(text) ? text : undefined
      if (special === undefined && accumulateText(text, columnType)) {
        storeScaled(target, row, text.startsWith('-'))
      } else {
        target.reject(row, misfit(columnType, special), text)
      }
    },
    formatBinary: formatNumeric,
    inline: { kind: 'variable', source: (names) => inlineDecimal(shape, names) },
  }
}

interface DecimalShape extends DecimalType {
  /** Groups of four digits that the fraction takes. */
  readonly fractionGroups: number
  /** What the last group is divided by, as its last digits lie beyond the scale; what all others are multiplied by. */
  readonly lastDivisor: number
  readonly lastFactor: number
}

function shapeOf(type: DecimalType): DecimalShape {
  const fractionGroups = Math.ceil(type.scale / 4)
  const lastDivisor = 10 ** (4 * fractionGroups - type.scale)
  return { ...type, fractionGroups, lastDivisor, lastFactor: 10_000 / lastDivisor }
}

/** Builds the unscaled value; false when the number has more digits before or after the point than the type. */
function accumulate(wire: WireBytes, start: number, header: NumericHeader, shape: DecimalShape): boolean {
  const lastIndex = header.weight + shape.fractionGroups
  for (let index = Math.max(lastIndex + 1, 0); index < header.digitCount; index++) {
    if (numericDigit(wire, start, header, index) !== 0) return false
  }
  clearScaled()
  for (let index = 0; index < lastIndex; index++) {
    if (!multiplyAddScaled(10_000, numericDigit(wire, start, header, index))) return false
  }
  const last = numericDigit(wire, start, header, lastIndex)
  if (last % shape.lastDivisor !== 0) return false
  return multiplyAddScaled(shape.lastFactor, last / shape.lastDivisor) && scaledFits(shape.precision)
}

/** The unscaled value of a number that a double holds exactly, which nearly all are; undefined for any other text. */
function parseSmall(text: string, { precision, scale }: DecimalType): number | undefined {
  if (text.length > 15 || !/\d$/.test(text)) return undefined
  const isNegative = text.charCodeAt(0) === minusCode
  let value = 0
  let fractionDigits = -1
  for (let at = isNegative ? 1 : 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - zeroCode
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      if (fractionDigits >= 0) fractionDigits++
    } else if (digit === pointCode - zeroCode && fractionDigits < 0) fractionDigits = 0
    else return undefined
  }
  const missing = scale - Math.max(fractionDigits, 0)
  const unscaled = missing < 0 ? Infinity : value * 10 ** missing
  if (unscaled >= Math.min(10 ** precision, Number.MAX_SAFE_INTEGER)) return undefined
  return isNegative ? -unscaled : unscaled
}

function storeSmall(target: FixedColumn, row: number, unscaled: number): void {
  const words = target.bytesPerRow / 4
  const high = Math.floor(unscaled / 0x1_0000_0000)
  target.words[words * row] = unscaled - high * 0x1_0000_0000
  target.words[words * row + 1] = high
  if (words === 4) target.words[4 * row + 2] = target.words[4 * row + 3] = high < 0 ? -1 : 0
}

function accumulateText(text: string, { precision, scale }: DecimalType): boolean {
  const match = /^-?(\d+)(?:\.(\d+))?$/.exec(text)
  if (!match) throw malformed('the text is no numeric')
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  if (fraction.length > scale) return false
  const digits = match[1]! + fraction.padEnd(scale, '0')
  clearScaled()
  for (let at = 0; at < digits.length; at += 4) {
    const group = digits.slice(at, at + 4)
    if (!multiplyAddScaled(10 ** group.length, Number(group))) return false
  }
  return scaledFits(precision)
}

function misfit(type: DecimalType, special: string | undefined): string {
  return `numeric ${special ?? 'with more digits'} does not fit decimal(${type.precision},${type.scale})`
}

/**
 * Numbers of up to four groups whose unscaled value is exact in a double, which are nearly all in practice; the others
 * take the exact path.
 */
function inlineDecimal(shape: DecimalShape, { words, slow }: InlineNames): string {
  const limit = Math.min(10 ** shape.precision, Number.MAX_SAFE_INTEGER)
  const isWide = shape.precision > decimal64PrecisionMax
  const width = isWide ? 4 : 2
  const store = [
    `const high = Math.floor(x / 4294967296);`,
    `${words}[${width} * i] = x - high * 4294967296; ${words}[${width} * i + 1] = high;`,
    isWide ? `${words}[4 * i + 2] = ${words}[4 * i + 3] = high < 0 ? -1 : 0;` : '',
  ].join(' ')
  return `
    const digits = view.getUint16(p), sign = view.getUint16(p + 4), lastIndex = view.getInt16(p + 2) + ${shape.fractionGroups};
    let x = -1;
    if (n === ${numericHeaderBytes} + 2 * digits && (sign & ${~numericNegative}) === 0 && lastIndex < 4 && digits <= lastIndex + 1) {
      let q = p + ${numericHeaderBytes}, end = p + n, digit = 0, largest = 0;
      x = 0;
      for (let index = 0; index < lastIndex; index++) {
        x *= 10000;
        if (q < end) { digit = view.getUint16(q); q += 2; x += digit; if (digit > largest) largest = digit; }
      }
      const last = q < end ? view.getUint16(q) : 0;
      ${shape.lastDivisor === 1 ? 'x = x * 10000 + last;' : `x *= ${shape.lastFactor}; if (last !== 0) { const part = (last / ${shape.lastDivisor}) | 0; x = part * ${shape.lastDivisor} === last ? x + part : -1; }`}
      if (largest > 9999 || last > 9999) x = -1;
    }
    if (x >= 0 && x < ${limit}) { if (sign !== 0) x = -x; ${store} } else ${slow}`
}
