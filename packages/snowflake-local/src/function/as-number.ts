import { compilationError } from '../engine/sql-error.ts'
import { float, formatType, integer, number, precisionMax } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { convert } from './conversion.ts'
import type { FunctionContext, TypedSql } from './function-rule.ts'

/** A value as NUMBER or FLOAT, as functions of numbers take it. */
export function asNumber(value: TypedSql, context: FunctionContext): TypedSql {
  switch (value.type.name) {
    case 'NUMBER':
    case 'FLOAT':
      return value
    case 'TEXT':
      return convert(value, textNumber(value), { context })
    case 'NULL':
    case 'BOOLEAN':
      return convert(value, integer, { context })
    case 'VARIANT':
      return convert(value, float, { context })
    default:
      throw compilationError('001044', '42P13', `Invalid argument types for function: (${formatType(value.type)})`)
  }
}

/** A literal has the digits that it shows; of other texts five behind the point are kept. */
function textNumber({ literal }: TypedSql): SqlType {
  const fraction = literal === undefined ? null : /^\s*[-+]?\d*(?:\.(\d*))?\s*$/u.exec(literal)
  return number(precisionMax, fraction === null ? 5 : (fraction[1]?.length ?? 0))
}
