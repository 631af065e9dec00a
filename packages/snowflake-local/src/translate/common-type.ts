import { compilationError } from '../engine/sql-error.ts'
import {
  date,
  float,
  formatType,
  isSemiStructured,
  isTimestamp,
  number,
  precisionMax,
  timestamp,
  untyped,
  variant,
} from '../catalog/sql-type.ts'
import type { SqlType, TimestampName } from '../catalog/sql-type.ts'

/** The type that values of several types have in one column: of CASE, COALESCE, UNION, comparisons. */
export function commonTypeOf(types: readonly SqlType[]): SqlType {
  return types.reduce(commonType, untyped)
}

export function commonType(left: SqlType, right: SqlType): SqlType {
  if (left.name === 'NULL') return right
  if (right.name === 'NULL') return left
  if (left.name === right.name) return widest(left, right)
  return ofPair(left, right) ?? ofPair(right, left) ?? refuse(left, right)
}

function widest(left: SqlType, right: SqlType): SqlType {
  if (left.name === 'NUMBER' && right.name === 'NUMBER') {
    const scale = Math.max(left.scale, right.scale)
    const leading = Math.max(left.precision - left.scale, right.precision - right.scale)
    return number(Math.min(precisionMax, leading + scale), scale)
  }
  if ('length' in left && 'length' in right) return left.length >= right.length ? left : right
  if ('scale' in left && 'scale' in right) return left.scale >= right.scale ? left : right
  return left
}

const timestampRank: Readonly<Record<TimestampName, number>> = { TIMESTAMP_NTZ: 0, TIMESTAMP_LTZ: 1, TIMESTAMP_TZ: 2 }

function ofPair(left: SqlType, right: SqlType): SqlType | undefined {
  if (isSemiStructured(left)) return isSemiStructured(right) || right.name !== 'BINARY' ? variant : undefined
  if (left.name === 'NUMBER' && right.name === 'FLOAT') return float
  // Text becomes what it meets: '1' < 2 compares numbers.
  if (left.name === 'TEXT') return right.name === 'NUMBER' ? textAsNumber(right) : right
  if (left.name === 'BOOLEAN') return right.name === 'NUMBER' || right.name === 'FLOAT' ? right : undefined
  if (left.name === date.name && isTimestamp(right)) return right
  if (isTimestamp(left) && isTimestamp(right)) {
    const name = timestampRank[left.name] > timestampRank[right.name] ? left.name : right.name
    return timestamp(name, Math.max(left.scale, right.scale))
  }
  return undefined
}

/** Keeps what is behind the point of a text: '1.5' > 1. */
function textAsNumber(type: SqlType & { name: 'NUMBER' }): SqlType {
  return number(precisionMax, Math.max(type.scale, 5))
}

function refuse(left: SqlType, right: SqlType): never {
  throw compilationError(
    '001037',
    '22000',
    `Can not convert parameter of type [${formatType(right)}] into expected type [${formatType(left)}]`,
  )
}
