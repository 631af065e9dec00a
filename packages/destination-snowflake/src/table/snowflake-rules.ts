import type { ColumnType } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import { foldCase } from '@eclusa/warehouse/load'
import type { TableRules } from '@eclusa/warehouse/load'

/**
 * What becomes of names. `upper`: ASCII letters become capitals, so that SQL can name tables and columns without quotes, and
 * names that differ in case alone collide. `as_is`: they stay, and SQL has to quote them.
 */
export type IdentifierPolicy = 'upper' | 'as_is'

export function snowflakeRules(policy: IdentifierPolicy): TableRules {
  const isUpper = policy === 'upper'
  return {
    dialect: snowflakeDialect,
    warehouseName: 'Snowflake',
    fold: isUpper ? foldCase : (name) => name,
    nameOf: isUpper ? upperCase : (name) => name,
    widensInPlace,
  }
}

function upperCase(name: string): string {
  return name.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
}

/** A NUMBER can get more digits before its point, and nothing else can change. */
function widensInPlace(from: ColumnType, to: ColumnType): boolean {
  const [before, after] = [scaleOf(from), scaleOf(to)]
  return before !== undefined && before === after
}

function scaleOf(type: ColumnType): number | undefined {
  if (type.type === 'decimal') return type.scale
  return type.type === 'int16' || type.type === 'int32' || type.type === 'int64' ? 0 : undefined
}
