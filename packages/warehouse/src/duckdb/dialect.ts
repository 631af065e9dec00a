import type { Dialect } from '../dialect.ts'
import { quoteWithDoubleQuotes } from '../identifier.ts'
import { deleteInsertStatements, mergeStatement } from '../keyed-write.ts'
import type { ColumnDefinition, RelationName } from '../relation.ts'
import { listDuckdbColumns, listDuckdbRelations, listDuckdbSchemas } from './introspection.ts'
import { duckdbLiteral } from './literal.ts'
import { columnTypeOfDuckdb, duckdbTypeOf } from './sql-type.ts'
import { classifyDuckdbError } from './statement-failure.ts'

/** SQL as DuckDB 1.4 and later speaks it. */
export const duckdbDialect: Dialect = {
  type: 'duckdb',
  supportsTransactionalDdl: true,
  supportsMerge: true,
  supportsCreateOrReplaceTable: true,
  viewsDependOnTables: false,
  identifiersAreCaseSensitive: false,
  identifierBytesMax: undefined,
  currentTimestamp: 'current_timestamp',

  quoteIdentifier: (name) => quoteWithDoubleQuotes(name),
  quoteLiteral: duckdbLiteral,
  formatRelation,
  sqlTypeOf: duckdbTypeOf,
  columnTypeOf: columnTypeOfDuckdb,

  createSchema: (schema, database) => `CREATE SCHEMA IF NOT EXISTS ${schemaOf(schema, database)}`,
  dropSchema: (schema, options = {}) =>
    `DROP SCHEMA IF EXISTS ${schemaOf(schema, options.database)}${options.cascade === true ? ' CASCADE' : ''}`,
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
  dropRelation: (relation, kind) => `DROP ${keyword(kind)} IF EXISTS ${formatRelation(relation)}`,
  truncate: (relation) => `TRUNCATE ${formatRelation(relation)}`,
  rename: (relation, kind, identifier) =>
    `ALTER ${keyword(kind)} ${formatRelation(relation)} RENAME TO ${quote(identifier)}`,
  replaceTable: (target, source) => [
    `DROP TABLE IF EXISTS ${formatRelation(target)}`,
    `ALTER TABLE ${formatRelation(source)} RENAME TO ${quote(target.identifier)}`,
  ],

  deleteInsert: (write) => deleteInsertStatements(duckdbDialect, write),
  merge: (write) => [mergeStatement(duckdbDialect, write)],

  addColumn: (relation, column) => `ALTER TABLE ${formatRelation(relation)} ADD COLUMN ${columnDefinition(column)}`,
  dropColumn: (relation, column) => `ALTER TABLE ${formatRelation(relation)} DROP COLUMN ${quote(column)}`,
  renameColumn: (relation, column, name) =>
    `ALTER TABLE ${formatRelation(relation)} RENAME COLUMN ${quote(column)} TO ${quote(name)}`,
  alterColumnType: (relation, column, sqlType) =>
    `ALTER TABLE ${formatRelation(relation)} ALTER COLUMN ${quote(column)} TYPE ${sqlType}`,

  listSchemas: listDuckdbSchemas,
  listRelations: listDuckdbRelations,
  listColumns: listDuckdbColumns,
  classifyError: classifyDuckdbError,
}

function quote(name: string): string {
  return quoteWithDoubleQuotes(name)
}

function formatRelation(relation: RelationName): string {
  return [relation.database, relation.schema, relation.identifier]
    .filter((part) => part !== undefined)
    .map(quote)
    .join('.')
}

function schemaOf(schema: string, database: string | undefined): string {
  return database === undefined ? quote(schema) : `${quote(database)}.${quote(schema)}`
}

function columnDefinition(column: ColumnDefinition): string {
  return `${quote(column.name)} ${column.sqlType}${column.nullable === false ? ' NOT NULL' : ''}`
}

/** DuckDB has no materialized views and no foreign tables. */
function keyword(kind: string): string {
  return kind === 'view' ? 'VIEW' : 'TABLE'
}
