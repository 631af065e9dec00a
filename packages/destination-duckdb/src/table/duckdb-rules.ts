import { duckdbDialect } from '@eclusa/warehouse'
import { foldCase } from '@eclusa/warehouse/load'
import type { TableRules } from '@eclusa/warehouse/load'

/** DuckDB folds ASCII letters and no others, shows names as they were given, and widens in place whatever can be widened. */
export const duckdbRules: TableRules = {
  dialect: duckdbDialect,
  warehouseName: 'DuckDB',
  fold: foldCase,
  nameOf: (name) => name,
  widensInPlace: () => true,
}
