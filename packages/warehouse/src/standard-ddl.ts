import type { Dialect } from './dialect.ts'
import type { ColumnDefinition, RelationKind, RelationName } from './relation.ts'

/** What statements of SQL's standard form need of a dialect. */
export interface StandardForms {
  readonly quote: (name: string) => string
  /** What a kind of relation is called in DDL: `MATERIALIZED VIEW`. */
  readonly keyword: (kind: RelationKind) => string
}

type StandardDdl = Pick<
  Dialect,
  | 'formatRelation'
  | 'createTable'
  | 'createTableAs'
  | 'createView'
  | 'truncate'
  | 'rename'
  | 'addColumn'
  | 'dropColumn'
  | 'renameColumn'
  | 'alterColumnType'
>

/** The statements that are the same in every warehouse that keeps to SQL's standard form; `IF NOT EXISTS` among it. */
export function standardDdl({ quote, keyword }: StandardForms): StandardDdl {
  const formatRelation = (relation: RelationName): string =>
    [relation.database, relation.schema, relation.identifier]
      .filter((part) => part !== undefined)
      .map(quote)
      .join('.')
  const columnDefinition = (column: ColumnDefinition): string =>
    `${quote(column.name)} ${column.sqlType}${column.nullable === false ? ' NOT NULL' : ''}`
  return {
    formatRelation,
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
    truncate: (relation) => `TRUNCATE ${formatRelation(relation)}`,
    rename: (relation, kind, identifier) =>
      `ALTER ${keyword(kind)} ${formatRelation(relation)} RENAME TO ${quote(identifier)}`,
    addColumn: (relation, column) => `ALTER TABLE ${formatRelation(relation)} ADD COLUMN ${columnDefinition(column)}`,
    dropColumn: (relation, column) => `ALTER TABLE ${formatRelation(relation)} DROP COLUMN ${quote(column)}`,
    renameColumn: (relation, column, name) =>
      `ALTER TABLE ${formatRelation(relation)} RENAME COLUMN ${quote(column)} TO ${quote(name)}`,
    alterColumnType: (relation, column, sqlType) =>
      `ALTER TABLE ${formatRelation(relation)} ALTER COLUMN ${quote(column)} TYPE ${sqlType}`,
  }
}
