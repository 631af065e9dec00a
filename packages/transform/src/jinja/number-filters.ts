import { fixedText } from './float-text.ts'
import type { FilterEnvironment } from './frame.ts'
import { applyBinary } from './operators.ts'
import {
  type PyInt,
  asInt,
  asNumber,
  expectIndex,
  isNumeric,
  makeFloat,
  makeInt,
  negateInt,
  parseFloatText,
  parseInteger,
  truncate,
} from './python-number.ts'
import { asHostObject, numberOf, operate } from './protocol.ts'
import { isTrue } from './python-object.ts'
import { typeName } from './python-text.ts'
import { NativeFunction, functionTable } from './signature.ts'
import { OperationError, typeError } from './template-error.ts'
import { Undefined } from './undefined-value.ts'

type Env = FilterEnvironment

export const numberFilters = functionTable(
  new NativeFunction('abs', 'x', (_: Env, value: unknown) => absolute(value)),
  new NativeFunction(
    'int',
    'value default? base?',
    (_: Env, value: unknown, fallback: unknown = 0, base: unknown = 10) =>
      toInt(value, fallback, expectIndex(base, typeName(base))),
  ),
  new NativeFunction(
    'float',
    'value default?',
    (_: Env, value: unknown, fallback: unknown = makeFloat(0)) => toFloat(value) ?? fallback,
  ),
  new NativeFunction(
    'round',
    'value precision? method?',
    (_: Env, value: unknown, precision: unknown = 0, method: unknown = 'common') =>
      roundValue(value, precision, method),
  ),
  new NativeFunction('filesizeformat', 'value binary?', (_: Env, value: unknown, binary?: unknown) =>
    fileSizeText(value, isTrue(binary)),
  ),
)

function absolute(value: unknown): unknown {
  const int = asInt(value)
  if (int !== undefined) return int < 0 ? negateInt(int) : int
  const ofHost = asHostObject(value)?.[operate]?.('abs', null, false)
  if (ofHost !== undefined) return ofHost
  if (!isNumeric(value)) throw typeError(`bad operand type for abs(): '${typeName(value)}'`)
  return makeFloat(Math.abs(asNumber(value)))
}

/** A text such as "42.23" is cut to 42; what is no number at all gives the default. */
function toInt(value: unknown, fallback: unknown, base: number): unknown {
  if (value instanceof Undefined) return value.fail()
  if (typeof value === 'string') {
    const int = parseInteger(value, base)
    if (int !== undefined) return int
    const float = parseFloatText(value)
    return float === undefined || !Number.isFinite(Number(float)) ? fallback : truncate(Number(float))
  }
  const ofHost = asHostObject(value)?.[numberOf]?.()
  if (ofHost !== undefined) return asInt(ofHost) ?? truncate(Number(ofHost))
  if (!isNumeric(value) || Number.isNaN(Number(value))) return fallback
  return asInt(value) ?? truncate(asNumber(value))
}

/** float(value), or undefined where Python raises TypeError or ValueError. */
function toFloat(value: unknown): unknown {
  if (value instanceof Undefined) return value.fail()
  if (typeof value === 'string') return parseFloatText(value)
  const ofHost = asHostObject(value)?.[numberOf]?.()
  if (ofHost !== undefined) return makeFloat(Number(ofHost))
  if (!isNumeric(value)) return undefined
  const number = asNumber(value)
  if (typeof value === 'bigint' && !Number.isFinite(number)) {
    throw new OperationError('overflow', 'int too large to convert to float')
  }
  return makeFloat(number)
}

function roundValue(value: unknown, precision: unknown, method: unknown): unknown {
  if (method !== 'common' && method !== 'ceil' && method !== 'floor') {
    throw new OperationError('filter-argument', 'method must be common, ceil or floor')
  }
  if (method === 'common') return roundCommon(value, expectIndex(precision, typeName(precision)))
  const factor = applyBinary('**', 10, precision)
  const scaled = applyBinary('*', value, factor)
  if (!isNumeric(scaled)) throw typeError(`must be real number, not ${typeName(scaled)}`)
  const int = asInt(scaled) ?? truncate(method === 'ceil' ? Math.ceil(Number(scaled)) : Math.floor(Number(scaled)))
  return applyBinary('/', int, factor)
}

/** Python's round(value, digits): half to even, on the exact value of a float. */
function roundCommon(value: unknown, digits: number): unknown {
  const int = asInt(value)
  if (int !== undefined) return digits >= 0 ? int : roundInt(int, -digits)
  const ofHost = asHostObject(value)?.[operate]?.('round', digits, false)
  if (ofHost !== undefined) return ofHost
  if (!isNumeric(value)) throw typeError(`type ${typeName(value)} doesn't define __round__ method`)
  const number = asNumber(value)
  if (!Number.isFinite(number) || digits > 100) return value
  if (digits >= 0) return makeFloat(Number(fixedText(number, digits)))
  const rounded = Number(fixedText(number / 10 ** -digits, 0)) * 10 ** -digits
  return makeFloat(rounded)
}

function roundInt(value: PyInt, zeros: number): PyInt {
  const unit = 10n ** BigInt(zeros)
  const magnitude = BigInt(value) < 0n ? -BigInt(value) : BigInt(value)
  const rest = magnitude % unit
  const down = magnitude - rest
  const isUp = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n === 1n)
  const rounded = isUp ? down + unit : down
  return makeInt(BigInt(value) < 0n ? -rounded : rounded)
}

const sizeUnits = ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB']

function fileSizeText(value: unknown, binary: boolean): string {
  const bytes = toFloat(value)
  if (bytes === undefined) {
    const isText = typeof value === 'string'
    throw new OperationError(isText ? 'value' : 'type', `not a number of bytes: ${typeName(value)}`)
  }
  const size = Number(bytes)
  const base = binary ? 1024 : 1000
  if (size === 1) return '1 Byte'
  if (size < base) return `${truncate(size)} Bytes`
  const index = sizeUnits.findIndex((_, position) => size < base ** (position + 2))
  const position = index < 0 ? sizeUnits.length - 1 : index
  const unit = sizeUnits[position] ?? ''
  return `${fixedText((base * size) / base ** (position + 2), 1)} ${binary ? `${unit[0]?.toUpperCase()}iB` : unit}`
}
