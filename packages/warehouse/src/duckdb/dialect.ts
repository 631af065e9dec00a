import type { Dialect } from '../dialect.ts'
import { quoteWithDoubleQuotes } from '../identifier.ts'
import { deleteInsertStatements, mergeStatement } from '../keyed-write.ts'
import { standardDdl } from '../standard-ddl.ts'
import { listDuckdbColumns, listDuckdbRelations, listDuckdbSchemas } from './introspection.ts'
import { duckdbLiteral } from './literal.ts'
import { columnTypeOfDuckdb, duckdbTypeOf } from './sql-type.ts'
import { classifyDuckdbError } from './statement-failure.ts'

const ddl = standardDdl({ quote, keyword })
const { formatRelation } = ddl

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
  ...ddl,
  quoteLiteral: duckdbLiteral,
  sqlTypeOf: duckdbTypeOf,
  columnTypeOf: columnTypeOfDuckdb,

  createSchema: (schema, database) => `CREATE SCHEMA IF NOT EXISTS ${schemaOf(schema, database)}`,
  dropSchema: (schema, options = {}) =>
    `DROP SCHEMA IF EXISTS ${schemaOf(schema, options.database)}${options.cascade === true ? ' CASCADE' : ''}`,
  dropRelation: (relation, kind) => `DROP ${keyword(kind)} IF EXISTS ${formatRelation(relation)}`,
  replaceTable: (target, source) => [
    `DROP TABLE IF EXISTS ${formatRelation(target)}`,
    `ALTER TABLE ${formatRelation(source)} RENAME TO ${quote(target.identifier)}`,
  ],

  deleteInsert: (write) => deleteInsertStatements(duckdbDialect, write),
  merge: (write) => [mergeStatement(duckdbDialect, write)],

  listSchemas: listDuckdbSchemas,
  listRelations: listDuckdbRelations,
  listColumns: listDuckdbColumns,
  // Views stay, and read whatever has the name.
  listDependents: async () => await Promise.resolve([]),
  classifyError: classifyDuckdbError,
}

function quote(name: string): string {
  return quoteWithDoubleQuotes(name)
}

function schemaOf(schema: string, database: string | undefined): string {
  return database === undefined ? quote(schema) : `${quote(database)}.${quote(schema)}`
}

/** DuckDB has no materialized views and no foreign tables. */
function keyword(kind: string): string {
  return kind === 'view' ? 'VIEW' : 'TABLE'
}
