import { compilationError } from '../engine/sql-error.ts'
import type { HistoryEntry, SessionState } from '../engine/session-state.ts'
import type { Call } from '../parse/ast-expression.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { NamedRelation, OutputColumn } from '../translate/translator.ts'
import type { Database, Relation, Schema } from './catalog-object.ts'
import { isVisible } from './privilege.ts'
import { boolean, integer, number, text, timestamp } from './sql-type.ts'
import type { SqlType } from './sql-type.ts'

/** A cell of a relation that is made here: text as a cast reads it, or SQL that DuckDB evaluates. */
export type Cell = string | null | { readonly sql: string }

type RowsOf = (session: SessionState, database: Database) => readonly (readonly Cell[])[]

interface SystemView {
  readonly columns: readonly (readonly [string, SqlType])[]
  readonly rows: RowsOf
}

const instant = timestamp('TIMESTAMP_LTZ', 3)

const views: Readonly<Record<string, SystemView>> = {
  TABLES: {
    columns: [
      ['TABLE_CATALOG', text()],
      ['TABLE_SCHEMA', text()],
      ['TABLE_NAME', text()],
      ['TABLE_OWNER', text()],
      ['TABLE_TYPE', text()],
      ['IS_TRANSIENT', text(3)],
      ['CLUSTERING_KEY', text()],
      ['ROW_COUNT', integer],
      ['BYTES', integer],
      ['RETENTION_TIME', integer],
      ['CREATED', instant],
      ['LAST_ALTERED', instant],
      ['LAST_DDL', instant],
      ['AUTO_CLUSTERING_ON', text(3)],
      ['COMMENT', text()],
      ['IS_TEMPORARY', text(3)],
      ['IS_ICEBERG', text(3)],
      ['IS_DYNAMIC', text(3)],
      ['IS_IMMUTABLE', text(3)],
      ['IS_HYBRID', text(3)],
    ],
    rows: (session, database) =>
      relations(session, database).map(({ schema, object }) => {
        const isTable = object.kind === 'TABLE'
        return [
          database.name,
          schema.name,
          object.name,
          object.owner,
          tableType(object),
          isTable && object.lifetime === 'transient' ? 'YES' : 'NO',
          isTable ? clusteringKey(object.clusterBy) : null,
          isTable ? { sql: `(SELECT count(*) FROM ${quoteName(object.physical)})` } : null,
          isTable ? '0' : null,
          isTable ? String(object.retentionDays) : null,
          iso(object.createdMs),
          iso(object.alteredMs),
          iso(object.alteredMs),
          'NO',
          object.comment === '' ? null : object.comment,
          yesNo(isTable && object.lifetime === 'temporary'),
          'NO',
          yesNo(isTable && object.dynamic !== undefined),
          'NO',
          'NO',
        ]
      }),
  },
  COLUMNS: {
    columns: [
      ['TABLE_CATALOG', text()],
      ['TABLE_SCHEMA', text()],
      ['TABLE_NAME', text()],
      ['COLUMN_NAME', text()],
      ['ORDINAL_POSITION', number(9, 0)],
      ['COLUMN_DEFAULT', text()],
      ['IS_NULLABLE', text(3)],
      ['DATA_TYPE', text()],
      ['CHARACTER_MAXIMUM_LENGTH', number(9, 0)],
      ['CHARACTER_OCTET_LENGTH', number(9, 0)],
      ['NUMERIC_PRECISION', number(9, 0)],
      ['NUMERIC_PRECISION_RADIX', number(9, 0)],
      ['NUMERIC_SCALE', number(9, 0)],
      ['DATETIME_PRECISION', number(9, 0)],
      ['COLLATION_NAME', text()],
      ['IS_IDENTITY', text(3)],
      ['IDENTITY_GENERATION', text()],
      ['IDENTITY_START', text()],
      ['IDENTITY_INCREMENT', text()],
      ['IDENTITY_MAXIMUM', text()],
      ['IDENTITY_MINIMUM', text()],
      ['IDENTITY_CYCLE', text(3)],
      ['IDENTITY_ORDERED', text(3)],
      ['DATA_TYPE_ALIAS', text()],
      ['COMMENT', text()],
    ],
    rows: (session, database) =>
      relations(session, database).flatMap(({ schema, object }) => columnRows(database, schema, object)),
  },
  SCHEMATA: {
    columns: [
      ['CATALOG_NAME', text()],
      ['SCHEMA_NAME', text()],
      ['SCHEMA_OWNER', text()],
      ['IS_TRANSIENT', text(3)],
      ['CREATED', instant],
      ['LAST_ALTERED', instant],
      ['COMMENT', text()],
    ],
    rows: (session, database) => [
      ...[...database.schemas.values()]
        .filter((schema) => isVisible(session.engine.catalog, session.role, schema))
        .map((schema) => [
          database.name,
          schema.name,
          schema.owner,
          yesNo(schema.transient),
          iso(schema.createdMs),
          iso(schema.createdMs),
          schema.comment,
        ]),
      [
        database.name,
        'INFORMATION_SCHEMA',
        null,
        'NO',
        iso(database.createdMs),
        iso(database.createdMs),
        'Views describing the contents of schemas in this database',
      ],
    ],
  },
  DATABASES: {
    columns: [
      ['DATABASE_NAME', text()],
      ['DATABASE_OWNER', text()],
      ['IS_TRANSIENT', text(3)],
      ['COMMENT', text()],
      ['CREATED', instant],
      ['LAST_ALTERED', instant],
    ],
    rows: (session) =>
      [...session.engine.catalog.databases.values()].map(({ name, owner, transient, comment, createdMs }) => [
        name,
        owner,
        yesNo(transient),
        comment,
        iso(createdMs),
        iso(createdMs),
      ]),
  },
  VIEWS: {
    columns: [
      ['TABLE_CATALOG', text()],
      ['TABLE_SCHEMA', text()],
      ['TABLE_NAME', text()],
      ['TABLE_OWNER', text()],
      ['VIEW_DEFINITION', text()],
      ['IS_SECURE', text(3)],
      ['CREATED', instant],
      ['LAST_ALTERED', instant],
      ['COMMENT', text()],
    ],
    rows: (session, database) =>
      relations(session, database).flatMap(({ schema, object }) =>
        object.kind === 'VIEW'
          ? [
              [
                database.name,
                schema.name,
                object.name,
                object.owner,
                object.queryText,
                yesNo(object.secure),
                iso(object.createdMs),
                iso(object.alteredMs),
                object.comment === '' ? null : object.comment,
              ],
            ]
          : [],
      ),
  },
  SEQUENCES: {
    columns: [
      ['SEQUENCE_CATALOG', text()],
      ['SEQUENCE_SCHEMA', text()],
      ['SEQUENCE_NAME', text()],
      ['START_VALUE', text()],
      ['INCREMENT', text()],
    ],
    rows: (_session, database) =>
      [...database.schemas.values()].flatMap((schema) =>
        [...schema.objects.values()].flatMap((object) =>
          object.kind === 'SEQUENCE' ? [[database.name, schema.name, object.name, object.start, object.increment]] : [],
        ),
      ),
  },
  TABLE_CONSTRAINTS: {
    columns: [
      ['CONSTRAINT_CATALOG', text()],
      ['CONSTRAINT_SCHEMA', text()],
      ['CONSTRAINT_NAME', text()],
      ['TABLE_CATALOG', text()],
      ['TABLE_SCHEMA', text()],
      ['TABLE_NAME', text()],
      ['CONSTRAINT_TYPE', text()],
      ['ENFORCED', text(3)],
    ],
    rows: (session, database) =>
      relations(session, database).flatMap(({ schema, object }) =>
        object.kind === 'TABLE'
          ? object.constraints.map((constraint, index) => [
              database.name,
              schema.name,
              constraint.name ?? `SYS_CONSTRAINT_${object.id}_${index + 1}`,
              database.name,
              schema.name,
              object.name,
              constraint.kind,
              'NO',
            ])
          : [],
      ),
  },
}

function relations(session: SessionState, database: Database): readonly { schema: Schema; object: Relation }[] {
  return [...database.schemas.values()].flatMap((schema) =>
    relationsIn(session, schema).map((object) => ({ schema, object })),
  )
}

/** Tables and views of a schema that the role knows of, with the session's temporary ones, by name. */
export function relationsIn(session: SessionState, schema: Schema): readonly Relation[] {
  const temporary = [...session.temporary].flatMap(([key, object]) => (key.startsWith(`${schema.id} `) ? [object] : []))
  const hidden = new Set(temporary.map(({ name }) => name))
  return [
    ...[...schema.objects.values()].filter(
      ({ name, kind }) => !(hidden.has(name) && (kind === 'TABLE' || kind === 'VIEW')),
    ),
    ...temporary,
  ]
    .filter((object): object is Relation => object.kind === 'TABLE' || object.kind === 'VIEW')
    .filter((object) => isVisible(session.engine.catalog, session.role, object))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

export function tableType(object: Relation): string {
  if (object.kind === 'VIEW') return object.materialized ? 'MATERIALIZED VIEW' : 'VIEW'
  return object.lifetime === 'temporary' ? 'LOCAL TEMPORARY' : 'BASE TABLE'
}

export function clusteringKey(keys: string | undefined): string | null {
  return keys === undefined ? null : `LINEAR(${keys})`
}

function yesNo(value: boolean): string {
  return value ? 'YES' : 'NO'
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function columnRows(database: Database, schema: Schema, object: Relation): readonly (readonly Cell[])[] {
  return object.columns.map((column, index) => {
    const { type } = column
    const detail = object.kind === 'TABLE' ? object.columns[index] : undefined
    const identity = detail?.identity
    return [
      database.name,
      schema.name,
      object.name,
      column.name,
      String(index + 1),
      detail?.default ??
        (identity === undefined ? null : `IDENTITY START ${identity.start} INCREMENT ${identity.increment} NOORDER`),
      yesNo(column.nullable),
      type.name === 'NULL' ? 'TEXT' : type.name,
      type.name === 'TEXT' ? String(type.length) : null,
      type.name === 'TEXT'
        ? String(Math.min(type.length * 4, 134_217_728))
        : type.name === 'BINARY'
          ? String(type.length)
          : null,
      type.name === 'NUMBER' ? String(type.precision) : null,
      type.name === 'NUMBER' ? '10' : null,
      type.name === 'NUMBER' ? String(type.scale) : null,
      type.name === 'TIME' || type.name.startsWith('TIMESTAMP') ? String((type as { scale: number }).scale) : null,
      null,
      yesNo(identity !== undefined),
      identity === undefined ? null : 'BY DEFAULT',
      identity?.start ?? null,
      identity?.increment ?? null,
      null,
      null,
      identity === undefined ? null : 'NO',
      identity === undefined ? null : 'NO',
      type.name === 'NULL' ? 'TEXT' : type.name,
      column.comment === '' ? null : column.comment,
    ]
  })
}

export function informationSchema(
  session: SessionState,
  name: string,
  databaseName: string | undefined,
): NamedRelation {
  const view = Object.hasOwn(views, name) ? views[name] : undefined
  const database = databaseName === undefined ? undefined : session.engine.catalog.databases.get(databaseName)
  if (view === undefined || database === undefined) {
    throw compilationError(
      '002003',
      '02000',
      `Object '${databaseName ?? ''}.INFORMATION_SCHEMA.${name}' does not exist or not authorized.`,
    )
  }
  return {
    kind: 'rows',
    name: [database.name, 'INFORMATION_SCHEMA', name],
    columns: outputs(view.columns),
    rows: view.rows(session, database),
  }
}

function outputs(columns: readonly (readonly [string, SqlType])[]): readonly OutputColumn[] {
  return columns.map(([name, type]) => ({ name, type, nullable: true }))
}

const historyColumns: readonly (readonly [string, SqlType])[] = [
  ['QUERY_ID', text()],
  ['QUERY_TEXT', text()],
  ['DATABASE_NAME', text()],
  ['SCHEMA_NAME', text()],
  ['QUERY_TYPE', text()],
  ['SESSION_ID', integer],
  ['USER_NAME', text()],
  ['ROLE_NAME', text()],
  ['WAREHOUSE_NAME', text()],
  ['QUERY_TAG', text()],
  ['EXECUTION_STATUS', text()],
  ['ERROR_CODE', text()],
  ['ERROR_MESSAGE', text()],
  ['START_TIME', instant],
  ['END_TIME', instant],
  ['TOTAL_ELAPSED_TIME', integer],
  ['ROWS_PRODUCED', integer],
  ['IS_SUCCESSFUL', boolean],
]

function historyRelation(entries: readonly HistoryEntry[]): NamedRelation {
  const rows = entries
    .toReversed()
    .map((entry) => [
      entry.queryId,
      entry.queryText,
      entry.databaseName ?? null,
      entry.schemaName ?? null,
      entry.queryType,
      entry.sessionId,
      entry.userName,
      entry.roleName ?? null,
      entry.warehouseName ?? null,
      entry.queryTag,
      entry.errorCode === undefined ? 'SUCCESS' : 'FAILED_WITH_ERROR',
      entry.errorCode ?? null,
      entry.errorMessage ?? null,
      iso(entry.startedMs),
      iso(entry.endedMs),
      String(Math.round(entry.endedMs - entry.startedMs)),
      entry.rowsProduced === undefined ? null : String(entry.rowsProduced),
      String(entry.errorCode === undefined),
    ])
  return { kind: 'rows', name: ['QUERY_HISTORY'], columns: outputs(historyColumns), rows }
}

/** What INFORMATION_SCHEMA has as functions of tables. */
export function tableFunctionRows(session: SessionState, { name }: Call): NamedRelation | undefined {
  if (name === 'QUERY_HISTORY' || name === 'QUERY_HISTORY_BY_USER') return historyRelation(session.engine.history)
  if (name !== 'QUERY_HISTORY_BY_SESSION') return undefined
  return historyRelation(session.engine.history.filter(({ sessionId }) => sessionId === session.sessionId))
}

export function accountUsage(session: SessionState, name: string): NamedRelation {
  if (name === 'QUERY_HISTORY') return historyRelation(session.engine.history)
  throw compilationError(
    '002003',
    '02000',
    `Object 'SNOWFLAKE.ACCOUNT_USAGE.${name}' does not exist or not authorized.`,
  )
}
