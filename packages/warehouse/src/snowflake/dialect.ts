import type { Dialect } from '../dialect.ts'
import type { KeyedWrite } from '../dialect.ts'
import { mergeStatement } from '../keyed-write.ts'
import type { RelationKind, RelationName } from '../relation.ts'
import { standardDdl } from '../standard-ddl.ts'
import { quoteSnowflake } from './identifier.ts'
import { listSnowflakeColumns, listSnowflakeRelations, listSnowflakeSchemas } from './introspection.ts'
import { snowflakeLiteral } from './literal.ts'
import { columnTypeOfSnowflake, snowflakeTypeOf } from './sql-type.ts'
import { classifySnowflakeError } from './statement-failure.ts'

const ddl = standardDdl({ quote: quoteSnowflake, keyword })
const { formatRelation } = ddl

/**
 * SQL as Snowflake speaks it. DDL commits the open transaction there, so it stands outside of those, and a relation is
 * replaced by one statement. Held by goldens, and run on snowflake-local; never on an account.
 */
export const snowflakeDialect: Dialect = {
  type: 'snowflake',
  supportsTransactionalDdl: false,
  supportsMerge: true,
  supportsCreateOrReplaceTable: true,
  viewsDependOnTables: false,
  identifiersAreCaseSensitive: true,
  // It refuses a long name aloud, and counts characters: `quoteIdentifier` says so first.
  identifierBytesMax: undefined,
  // Of the statement, not of the transaction: Snowflake has no other.
  currentTimestamp: 'CURRENT_TIMESTAMP()',

  quoteIdentifier: quoteSnowflake,
  ...ddl,
  quoteLiteral: snowflakeLiteral,
  sqlTypeOf: snowflakeTypeOf,
  columnTypeOf: columnTypeOfSnowflake,

  createSchema: (schema, database) => `CREATE SCHEMA IF NOT EXISTS ${schemaOf(schema, database)}`,
  dropSchema: (schema, options = {}) =>
    // Without a word Snowflake takes everything along; RESTRICT looks at foreign keys only.
    `DROP SCHEMA IF EXISTS ${schemaOf(schema, options.database)}${options.cascade === true ? ' CASCADE' : ' RESTRICT'}`,
  dropRelation: (relation, kind) => `DROP ${keyword(kind)} IF EXISTS ${formatRelation(relation)}`,
  truncate: (relation) => `TRUNCATE TABLE ${formatRelation(relation)}`,
  // A bare new name would be looked for in the session's schema, and the relation would move there.
  rename: (relation, kind, identifier) =>
    `ALTER ${keyword(kind)} ${formatRelation(relation)} RENAME TO ${formatRelation({ ...relation, identifier })}`,
  alterColumnType: (relation, column, sqlType) =>
    `ALTER TABLE ${formatRelation(relation)} ALTER COLUMN ${quoteSnowflake(column)} SET DATA TYPE ${sqlType}`,
  // The clone is one atomic statement that copies no data; when the second is lost, a table is left over and no more.
  replaceTable: (target, source) => [
    `CREATE OR REPLACE TABLE ${formatRelation(target)} CLONE ${formatRelation(source)}`,
    `DROP TABLE IF EXISTS ${formatRelation(source)}`,
  ],

  deleteInsert: deleteInsertStatements,
  merge: (write) => [mergeStatement(snowflakeDialect, write)],

  listSchemas: listSnowflakeSchemas,
  listRelations: listSnowflakeRelations,
  listColumns: listSnowflakeColumns,
  // Views stay, and read whatever has the name.
  listDependents: async () => await Promise.resolve([]),
  classifyError: classifySnowflakeError,
}

/** A correlated subquery may compare by `=` only, so the keys are joined. */
function deleteInsertStatements(write: KeyedWrite): readonly string[] {
  const [target, source] = [formatRelation(write.target), formatRelation(write.source)]
  const columns = write.columns.map(quoteSnowflake).join(', ')
  const equals = write.nullsMatch === true ? 'IS NOT DISTINCT FROM' : '='
  const condition = write.key.map((column) => `t.${quoteSnowflake(column)} ${equals} s.${quoteSnowflake(column)}`)
  return [
    `DELETE FROM ${target} AS t USING ${source} AS s WHERE ${condition.join(' AND ')}`,
    `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${source}`,
  ]
}

function schemaOf(schema: string, database: string | undefined): string {
  return [database, schema]
    .filter((part) => part !== undefined)
    .map(quoteSnowflake)
    .join('.')
}

function keyword(kind: RelationKind): string {
  return kind === 'foreign_table' ? 'EXTERNAL TABLE' : kind.replace('_', ' ').toUpperCase()
}

/** What only Snowflake has, one statement each. */
export const snowflakeStatements = {
  /** A table of which no history is kept beyond a day, so that it costs no fail-safe storage. Replaces what has the name. */
  createTransientTableAs: (relation: RelationName, select: string): string =>
    `CREATE OR REPLACE TRANSIENT TABLE ${formatRelation(relation)} AS ${select}`,
  /** A copy that shares its storage with the source until one of them changes. Replaces what has the name. */
  cloneTable: (target: RelationName, source: RelationName, { transient = false } = {}): string =>
    `CREATE OR REPLACE ${transient ? 'TRANSIENT ' : ''}TABLE ${formatRelation(target)} CLONE ${formatRelation(source)}`,
  /** Exchanges names, rows and privileges of two tables at once. */
  swapTables: (left: RelationName, right: RelationName): string =>
    `ALTER TABLE ${formatRelation(left)} SWAP WITH ${formatRelation(right)}`,
  commentOnRelation: (relation: RelationName, kind: RelationKind, comment: string): string =>
    `COMMENT ON ${keyword(kind)} ${formatRelation(relation)} IS ${snowflakeLiteral(comment)}`,
  commentOnColumn: (relation: RelationName, column: string, comment: string): string =>
    `COMMENT ON COLUMN ${formatRelation(relation)}.${quoteSnowflake(column)} IS ${snowflakeLiteral(comment)}`,
}
