import { formatColumnType } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'

const integerDigits: Partial<Record<ColumnType['type'], number>> = { int16: 5, int32: 10, int64: 19 }

export function isSameColumnType(left: ColumnType, right: ColumnType): boolean {
  return formatColumnType(left) === formatColumnType(right)
}

/**
 * Whether every value of `from` is exactly a value of `to`, so that a column can change in place without loss:
 * int16 -> int32 -> int64, float32 -> float64, an integer -> a decimal with enough digits before the point, a decimal
 * -> one with at least as many digits on both sides, and lists by their elements. False for equal types, and for
 * everything -> text: text holds it, but comparisons and arithmetic change their meaning.
 */
export function isWidening(from: ColumnType, to: ColumnType): boolean {
  if (from.type === 'list' && to.type === 'list') return isWidening(from.element, to.element)
  if (from.type === 'float32') return to.type === 'float64'
  if (to.type === 'decimal') return digitsFit(from, to)
  const fromDigits = integerDigits[from.type]
  const toDigits = integerDigits[to.type]
  return fromDigits !== undefined && toDigits !== undefined && fromDigits < toDigits
}

function digitsFit(from: ColumnType, to: ColumnType & { type: 'decimal' }): boolean {
  if (from.type !== 'decimal') {
    const digits = integerDigits[from.type]
    return digits !== undefined && digits <= to.precision - to.scale
  }
  const grows = from.precision !== to.precision || from.scale !== to.scale
  return grows && from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale
}
