import { snowflakeDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import type { ColumnType, QueryResult } from '@eclusa/sdk'
import { stagedFieldName } from '../parquet/staged-column.ts'

/** A column of a table and what of a staged file goes into it. */
export interface CopiedColumn {
  readonly name: string
  /** SQL over `$1`, a row of the file. */
  readonly value: string
}

export interface CopyInto {
  readonly table: RelationName
  readonly columns: readonly CopiedColumn[]
  /** With its `@`, quoted as in SQL. */
  readonly stage: string
  /** Paths relative to the stage; at most `copiedFilesMax`. */
  readonly files: readonly string[]
}

/** Snowflake's limit of files named in one COPY. */
export const copiedFilesMax = 1000

/**
 * Loads files, all or none. Never with FORCE: a file that the table has loaded before is left out, and the count of
 * `loadedRows` tells so. A column that a file lacks is NULL.
 */
export function copyInto({ table, columns, stage, files }: CopyInto): string {
  const names = columns.map(({ name }) => snowflakeDialect.quoteIdentifier(name))
  const values = columns.map(({ value }) => value)
  const paths = files.map((path) => snowflakeDialect.quoteLiteral(path))
  return [
    `COPY INTO ${snowflakeDialect.formatRelation(table)} (${names.join(', ')})`,
    `FROM (SELECT ${values.join(', ')} FROM ${stage})`,
    `FILES = (${paths.join(', ')})`,
    'FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE)',
    'ON_ERROR = ABORT_STATEMENT',
  ].join(' ')
}

/**
 * The values of a staged field in the table's type. JSON and lists travel as text and are parsed here.
 *
 * @param field name of the column in the batch
 */
export function copiedValue(field: string, type: ColumnType): string {
  const value = `$1:"${stagedFieldName(field)}"`
  if (type.type === 'json') return `PARSE_JSON(${value}::VARCHAR)`
  if (type.type === 'list') return `PARSE_JSON(${value}::VARCHAR)::ARRAY`
  return `${value}::${snowflakeDialect.sqlTypeOf(type)}`
}

/** Rows that the COPY loaded; Snowflake answers with one row for each file, or with a sentence when there was none. */
export function loadedRows({ columns, rows }: QueryResult): number {
  const index = columns.findIndex(({ name }) => name === 'rows_loaded')
  return index === -1 ? 0 : rows.reduce((sum, row) => sum + Number(row[index]), 0)
}
