import type { Dialect } from '../dialect.ts'
import { quoteWithDoubleQuotes } from '../identifier.ts'
import { deleteInsertStatements, mergeStatement } from '../keyed-write.ts'
import type { ColumnDefinition, RelationKind, RelationName } from '../relation.ts'
import { listPostgresColumns, listPostgresRelations, listPostgresSchemas } from './introspection.ts'
import { postgresLiteral } from './literal.ts'
import { columnTypeOfPostgres, postgresTypeOf } from './sql-type.ts'
import { classifyPostgresError } from './statement-failure.ts'

/** NAMEDATALEN - 1 of every build in use. */
const identifierBytesMax = 63

/** SQL as PostgreSQL 15 and later speaks it (14 lacks MERGE). */
export const postgresDialect: Dialect = {
  type: 'postgres',
  supportsTransactionalDdl: true,
  supportsMerge: true,
  supportsCreateOrReplaceTable: false,
  viewsDependOnTables: true,
  identifiersAreCaseSensitive: true,
  identifierBytesMax,
  currentTimestamp: 'current_timestamp',

  quoteIdentifier: quote,
  quoteLiteral: postgresLiteral,
  formatRelation,
  sqlTypeOf: postgresTypeOf,
  columnTypeOf: columnTypeOfPostgres,

  createSchema: (schema) => `CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`,
  dropSchema: (schema, options = {}) => `DROP SCHEMA IF EXISTS ${quote(schema)}${cascade(options.cascade)}`,
  createTable(relation, columns, options = {}) {
    const what = options.temporary === true ? 'TEMPORARY TABLE' : 'TABLE'
    const name = options.temporary === true ? quote(relation.identifier) : formatRelation(relation)
    const guard = options.ifNotExists === true ? 'IF NOT EXISTS ' : ''
    return `CREATE ${what} ${guard}${name} (${columns.map(columnDefinition).join(', ')})`
  },
  createTableAs: (relation, select, options = {}) =>
    options.temporary === true
      ? `CREATE TEMPORARY TABLE ${quote(relation.identifier)} AS ${select}`
      : `CREATE TABLE ${formatRelation(relation)} AS ${select}`,
  createView: (relation, select, options = {}) =>
    `CREATE ${options.replace === true ? 'OR REPLACE ' : ''}VIEW ${formatRelation(relation)} AS ${select}`,
  dropRelation: (relation, kind, options = {}) =>
    `DROP ${keyword(kind)} IF EXISTS ${formatRelation(relation)}${cascade(options.cascade)}`,
  truncate: (relation) => `TRUNCATE ${formatRelation(relation)}`,
  rename: (relation, kind, identifier) =>
    `ALTER ${keyword(kind)} ${formatRelation(relation)} RENAME TO ${quote(identifier)}`,
  replaceTable: (target, source, options = {}) => [
    `DROP TABLE IF EXISTS ${formatRelation(target)}${cascade(options.cascade)}`,
    `ALTER TABLE ${formatRelation(source)} RENAME TO ${quote(target.identifier)}`,
  ],

  deleteInsert: (write) => deleteInsertStatements(postgresDialect, write),
  merge: (write) => [mergeStatement(postgresDialect, write)],

  addColumn: (relation, column) => `ALTER TABLE ${formatRelation(relation)} ADD COLUMN ${columnDefinition(column)}`,
  dropColumn: (relation, column) => `ALTER TABLE ${formatRelation(relation)} DROP COLUMN ${quote(column)}`,
  renameColumn: (relation, column, name) =>
    `ALTER TABLE ${formatRelation(relation)} RENAME COLUMN ${quote(column)} TO ${quote(name)}`,
  alterColumnType: (relation, column, sqlType) =>
    `ALTER TABLE ${formatRelation(relation)} ALTER COLUMN ${quote(column)} TYPE ${sqlType}`,

  listSchemas: listPostgresSchemas,
  listRelations: listPostgresRelations,
  listColumns: listPostgresColumns,
  classifyError: classifyPostgresError,
}

function quote(name: string): string {
  return quoteWithDoubleQuotes(name, identifierBytesMax)
}

function formatRelation(relation: RelationName): string {
  return [relation.database, relation.schema, relation.identifier]
    .filter((part) => part !== undefined)
    .map(quote)
    .join('.')
}

function columnDefinition(column: ColumnDefinition): string {
  return `${quote(column.name)} ${column.sqlType}${column.nullable === false ? ' NOT NULL' : ''}`
}

function cascade(wanted: boolean | undefined): string {
  return wanted === true ? ' CASCADE' : ''
}

function keyword(kind: RelationKind): string {
  return kind.replace('_', ' ').toUpperCase()
}
