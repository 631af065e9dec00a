import type * as duckdb from '@duckdb/node-api'
import type { ResultColumn } from '@eclusa/sdk'

/** Names and types of a result; a type with a name of its own, such as JSON, goes by that. */
export function resultColumns(result: duckdb.DuckDBResult): ResultColumn[] {
  return result.columnTypes().map((type, index) => ({
    name: result.columnName(index),
    type: result.columnLogicalType(index).alias || String(type),
  }))
}
