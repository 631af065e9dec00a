import { arrowFieldOf, valueFormatter } from '@eclusa/sdk'
import type { Column, ColumnType } from '@eclusa/sdk'
import { Field, Utf8 } from 'apache-arrow'
import type { Data } from 'apache-arrow'
import { listJsonWriter } from './json-text.ts'
import { textColumn } from './text-column.ts'

/*
 * The form in which a column travels to Snowflake's staging table. What Parquet and Snowflake both have a type for
 * travels as it is: whole numbers, decimals, floats, booleans, texts, bytes, dates, times and timestamps of microseconds.
 * The others travel as text: a uuid, timetz and interval as PostgreSQL prints them (Snowflake keeps them as VARCHAR), a
 * list as JSON (ARRAY), a decimal that no NUMBER holds as its digits. JSON stays the source's text until the merge parses it.
 */

/** A column as it stands in the Parquet files. */
export interface StagedColumn {
  readonly field: Field
  /** The column's values in that form; the data itself where the form is the same. */
  stage(data: Data): Data
}

/** Snowflake's largest scale. */
const decimalScaleMax = 37

/** The name in the file: one that a path in SQL can name between double quotes, and of no other column. */
export function stagedFieldName(name: string): string {
  return name.replaceAll(/["%\\\p{Cc}]/gu, encodeURIComponent)
}

export function stagedColumnOf(column: Column): StagedColumn {
  const textOf = stagedText(column.type)
  const name = stagedFieldName(column.name)
  if (textOf === undefined) {
    // Without its extension name: Parquet has a logical type for JSON texts, which Snowflake's loader does not name.
    return { field: new Field(name, arrowFieldOf(column).type, true), stage: (data) => data }
  }
  return {
    field: new Field(name, new Utf8(), true),
    stage: (data) => textColumn(data.length, (row) => (data.getValid(row) ? textOf(data, row) : null)),
  }
}

/** How a type is written where it travels as text; undefined where it travels as it is. */
function stagedText(type: ColumnType): ((data: Data, row: number) => string | null) | undefined {
  switch (type.type) {
    case 'list':
      return listJsonWriter(type.element)
    case 'uuid':
    case 'timetz':
    case 'interval':
      return valueFormatter(type)
    case 'decimal':
      return type.scale > decimalScaleMax ? valueFormatter(type) : undefined
    default:
      return undefined
  }
}
