import { EclusaError, formatColumnType } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import type { PostgresType } from '../postgres-type.ts'
import type { FixedColumn } from './arrow-column.ts'
import { booleanCodec } from './fixed-width.ts'
import { jsonTextCodec } from './json-text.ts'
import type { JsonOptions } from './json-text.ts'
import { decimalCodec } from './numeric.ts'
import { printedByServerCodec, printedCodec } from './textual.ts'
import { typeOid } from './type-oid.ts'
import { textOnlyCodec } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'

/*
 * Column types that a user may ask for instead of the natural one. Only changes that keep every value exactly, or
 * reject it with its text, are offered: text for everything, json for what has a structure, and exact numbers among
 * themselves.
 */

const integerTypes = ['int16', 'int32', 'int64'] as const
type IntegerType = (typeof integerTypes)[number]

const integerRanges: Readonly<Record<IntegerType, readonly [bigint, bigint]>> = {
  int16: [-0x8000n, 0x7fffn],
  int32: [-0x8000_0000n, 0x7fff_ffffn],
  int64: [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
}

/** The exact numbers that PostgreSQL prints as plain digits; money is not among them. */
const exactNumberTypes: ReadonlySet<number> = new Set([
  typeOid.int2,
  typeOid.int4,
  typeOid.int8,
  typeOid.numeric,
  typeOid.oid,
  typeOid.xid,
  typeOid.cid,
  typeOid.xid8,
])

/** @param type without domains around it. @throws CONFIG_INVALID when values of the type cannot become `override`. */
export function overriddenCodec(
  type: PostgresType,
  natural: ValueCodec,
  override: ColumnType,
  options: JsonOptions,
): ValueCodec {
  if (formatColumnType(override) === formatColumnType(natural.columnType)) return natural
  const codec = conversionOf(type, natural, override, options)
  if (codec) return codec
  throw new EclusaError('CONFIG_INVALID', {
    message: `A column of type ${type.formatted} cannot be read as ${formatColumnType(override)} without loss.`,
    remedy: `Leave it ${formatColumnType(natural.columnType)}, or choose text.`,
    details: { sourceType: type.formatted, columnType: formatColumnType(override) },
  })
}

function conversionOf(
  type: PostgresType,
  natural: ValueCodec,
  override: ColumnType,
  options: JsonOptions,
): ValueCodec | undefined {
  switch (override.type) {
    case 'text':
      return natural === booleanCodec ? booleanTextCodec : printed(natural)
    case 'json':
      return type.kind === 'array' || type.kind === 'composite' ? jsonTextCodec(type, options) : undefined
    case 'decimal':
      if (type.oid === typeOid.numeric) return decimalCodec(override)
      return exactNumberTypes.has(type.oid) ? converted(natural, decimalCodec(override)) : undefined
    case 'int16':
    case 'int32':
    case 'int64':
      return exactNumberTypes.has(type.oid)
        ? converted(natural, exactIntegerCodec(override.type, type.formatted))
        : undefined
    default:
      return undefined
  }
}

function printed(natural: ValueCodec): ValueCodec {
  return natural.hasBinaryForm ? printedCodec(natural.formatBinary) : printedByServerCodec
}

/** A boolean in a text column is what a cast to text gives, not the `t` and `f` of the output function. */
const booleanTextCodec: ValueCodec = {
  ...printedCodec((wire, start, length) => booleanWord(booleanCodec.formatBinary(wire, start, length))),
  keepsText: false,
  decodeText(target, row, text) {
    printedByServerCodec.decodeText(target, row, booleanWord(text))
  },
}

function booleanWord(text: string): string {
  return text === 't' ? 'true' : 'false'
}

/** Reads values of one codec into the column of another, by way of their text. */
function converted(from: ValueCodec, to: ValueCodec): ValueCodec {
  return {
    columnType: to.columnType,
    hasBinaryForm: from.hasBinaryForm,
    decodeBinary(target, row, wire, start, length) {
      to.decodeText(target, row, from.formatBinary(wire, start, length))
    },
    decodeText: (target, row, text) => to.decodeText(target, row, text),
    formatBinary: from.formatBinary,
  }
}

/** Whole numbers within the range of the column; the text half of `converted`. */
function exactIntegerCodec(type: IntegerType, formatted: string): ValueCodec {
  const [min, max] = integerRanges[type]
  return textOnlyCodec({
    columnType: { type },
    decodeText(target: FixedColumn, row, text) {
      const match = /^(-?\d+)(?:\.0*)?$/.exec(text)
      const value = match ? BigInt(match[1]!) : undefined
      if (value === undefined || value < min || value > max) {
        target.reject(row, `the ${formatted} does not fit ${type}`, text)
      } else if (type === 'int64') target.longs[row] = value
      else if (type === 'int32') target.words[row] = Number(value)
      else target.halves[row] = Number(value)
    },
  })
}
