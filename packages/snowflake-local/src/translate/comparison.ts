import { timestamp } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { ComparisonOperator } from '../parse/ast-expression.ts'
import { castSql } from './cast.ts'
import { commonType } from './common-type.ts'

/** Both sides as what DuckDB can compare. */
export function comparableAs(left: TypedSql, right: TypedSql): readonly [string, string] {
  const common = comparisonType(left, right)
  return [castSql(left, common), castSql(right, common)]
}

function comparisonType(left: TypedSql, right: TypedSql): ReturnType<typeof commonType> {
  const common = commonType(left.type, right.type)
  // Times with offsets are equal when they are the same instant.
  if (common.name === 'TIMESTAMP_TZ') return timestamp('TIMESTAMP_LTZ')
  if (common.name !== 'VARIANT') return common
  // A VARIANT is compared as the plain value that it meets.
  if (left.type.name === 'VARIANT' && right.type.name !== 'VARIANT') return plain(right.type)
  return right.type.name === 'VARIANT' && left.type.name !== 'VARIANT' ? plain(left.type) : common
}

function plain(type: TypedSql['type']): TypedSql['type'] {
  return type.name === 'NUMBER' ? { name: 'NUMBER', precision: 38, scale: Math.max(type.scale, 9) } : type
}

export function compareSql(operator: ComparisonOperator, left: TypedSql, right: TypedSql): string {
  const [one, other] = comparableAs(left, right)
  return `(${one} ${operator} ${other})`
}
