import type { Dialect } from '../dialect.ts'
import { quoteWithDoubleQuotes } from '../identifier.ts'
import { deleteInsertStatements, mergeStatement } from '../keyed-write.ts'
import type { RelationKind } from '../relation.ts'
import { standardDdl } from '../standard-ddl.ts'
import {
  listPostgresColumns,
  listPostgresDependents,
  listPostgresRelations,
  listPostgresSchemas,
} from './introspection.ts'
import { postgresLiteral } from './literal.ts'
import { columnTypeOfPostgres, postgresTypeOf } from './sql-type.ts'
import { classifyPostgresError } from './statement-failure.ts'

/** NAMEDATALEN - 1 of every build in use. */
const identifierBytesMax = 63

const ddl = standardDdl({ quote, keyword })
const { formatRelation } = ddl

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
  ...ddl,
  quoteLiteral: postgresLiteral,
  sqlTypeOf: postgresTypeOf,
  columnTypeOf: columnTypeOfPostgres,

  createSchema: (schema) => `CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`,
  dropSchema: (schema, options = {}) => `DROP SCHEMA IF EXISTS ${quote(schema)}${cascade(options.cascade)}`,
  dropRelation: (relation, kind, options = {}) =>
    `DROP ${keyword(kind)} IF EXISTS ${formatRelation(relation)}${cascade(options.cascade)}`,
  replaceTable: (target, source, options = {}) => [
    `DROP TABLE IF EXISTS ${formatRelation(target)}${cascade(options.cascade)}`,
    `ALTER TABLE ${formatRelation(source)} RENAME TO ${quote(target.identifier)}`,
  ],

  deleteInsert: (write) => deleteInsertStatements(postgresDialect, write),
  merge: (write) => [mergeStatement(postgresDialect, write)],

  listSchemas: listPostgresSchemas,
  listRelations: listPostgresRelations,
  listColumns: listPostgresColumns,
  listDependents: listPostgresDependents,
  classifyError: classifyPostgresError,
}

function quote(name: string): string {
  return quoteWithDoubleQuotes(name, identifierBytesMax)
}

function cascade(wanted: boolean | undefined): string {
  return wanted === true ? ' CASCADE' : ''
}

function keyword(kind: RelationKind): string {
  return kind.replace('_', ' ').toUpperCase()
}
