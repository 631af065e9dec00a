import { unknownObject } from '../engine/sql-error.ts'
import type { SessionState } from '../engine/session-state.ts'
import { quoteText } from '../translate/sql-text.ts'
import type { NamedRelation } from '../translate/translator.ts'
import type { Database } from './catalog-object.ts'
import { relationsIn } from './information-schema.ts'
import { integer, text, timestamp } from './sql-type.ts'
import type { SqlType } from './sql-type.ts'

type Column = readonly [name: string, type: SqlType, sql: string]

const loadedAt = "timezone('UTC', make_timestamp(h.loaded_ms * 1000))"

const common: readonly Column[] = [
  ['FILE_NAME', text(), 'h.file_name'],
  ['STAGE_LOCATION', text(), 'h.stage_location'],
  ['LAST_LOAD_TIME', timestamp('TIMESTAMP_LTZ', 3), loadedAt],
  ['ROW_COUNT', integer, 'h.row_count'],
  ['ROW_PARSED', integer, 'h.row_parsed'],
  ['FIRST_ERROR_MESSAGE', text(), 'h.first_error'],
  ['FIRST_ERROR_LINE_NUMBER', integer, 'h.first_error_line'],
  ['ERROR_COUNT', integer, 'h.error_count'],
  ['ERROR_LIMIT', integer, 'h.error_limit'],
]

/** The view LOAD_HISTORY: a row for each file that COPY INTO has loaded into a table of the database. */
export function loadHistory(session: SessionState, database: Database): NamedRelation {
  return relation(session, database, 'LOAD_HISTORY', [
    ['SCHEMA_NAME', text(), 'n.schema_name'],
    ['TABLE_NAME', text(), 'n.table_name'],
    ['STATUS', text(), 'h.status'],
    ['FIRST_ERROR_COL_NAME', text(), 'h.first_error_column'],
    ...common,
  ])
}

/** `TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 't', …))`, of one table or of all. */
export function copyHistory(session: SessionState, tableName: string | undefined): NamedRelation {
  const database = session.engine.catalog.databases.get(session.database ?? '')
  if (database === undefined) throw unknownObject('Database', session.database ?? '')
  const columns: readonly Column[] = [
    ...common,
    ['FIRST_ERROR_COLUMN_NAME', text(), 'h.first_error_column'],
    ['STATUS', text(), "upper(left(h.status, 1)) || lower(substr(replace(h.status, '_', ' '), 2))"],
    ['TABLE_CATALOG_NAME', text(), quoteText(database.name)],
    ['TABLE_SCHEMA_NAME', text(), 'n.schema_name'],
    ['TABLE_NAME', text(), 'n.table_name'],
  ]
  return relation(session, database, 'COPY_HISTORY', columns, tableName?.split('.').at(-1)?.toUpperCase())
}

function relation(
  session: SessionState,
  database: Database,
  name: string,
  columns: readonly Column[],
  tableName?: string,
): NamedRelation {
  const tables = [...database.schemas.values()].flatMap((schema) =>
    relationsIn(session, schema)
      .filter((object) => tableName === undefined || object.name === tableName)
      .map((object) => `(${object.id}, ${quoteText(schema.name)}, ${quoteText(object.name)})`),
  )
  const names = `(VALUES ${['(0, NULL, NULL)', ...tables].join(', ')}) AS n(id, schema_name, table_name)`
  const list = columns.map(([, , sql], index) => `${sql} AS c${index + 1}`).join(', ')
  return {
    kind: 'table',
    name: [database.name, 'INFORMATION_SCHEMA', name],
    sql: `(SELECT ${list} FROM main.sf_load_history AS h JOIN ${names} ON n.id = h.table_id)`,
    columns: columns.map(([column, type], index) => ({
      name: column,
      type,
      nullable: true,
      physical: `c${index + 1}`,
    })),
  }
}
