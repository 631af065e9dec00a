import { createHash } from 'node:crypto'
import type { WarehouseConnection } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import type { NodeRelation } from '../manifest/node.ts'

export interface RelationIdentity {
  /** Differs when the relation was made anew, or has other columns. */
  readonly text: string
  readonly isView: boolean
}

/**
 * What tells a relation from another of its name, as far as that is cheap.
 *
 * PostgreSQL numbers its relations, and their files, which TRUNCATE and whatever rewrites a table replaces. DuckDB's
 * numbers are given anew whenever a file is opened, so that a relation is known there by its columns or its definition,
 * the number of its rows and the content of the first 2,048. Its catalog tells of all tables or of none, each with its
 * whole text: what is a view is asked for once a schema.
 */
export class RelationIdentities {
  readonly #dialect: Dialect
  /** Whether relations are views, by name, of each schema. */
  readonly #kinds = new Map<string, Promise<Map<string, boolean>>>()

  constructor(dialect: Dialect) {
    this.#dialect = dialect
  }

  /** Of a relation that was there when the schema was first asked for, or that was built since; else undefined. */
  async of(relation: NodeRelation, connection: WarehouseConnection): Promise<RelationIdentity | undefined> {
    if (this.#dialect.type === 'postgres') return await postgresIdentity(relation, connection)
    const isView = (await this.#kindsOf(relation, connection)).get(relation.identifier.toLowerCase())
    if (isView === undefined) return undefined
    return await duckDbIdentity(relation, { dialect: this.#dialect, connection, isView })
  }

  /** @param materialized tells whether it is a view now; what it does not tell is asked for */
  async ofBuilt(
    relation: NodeRelation,
    { materialized, connection }: { readonly materialized: string; readonly connection: WarehouseConnection },
  ): Promise<RelationIdentity | undefined> {
    if (this.#dialect.type === 'postgres') return await postgresIdentity(relation, connection)
    const isTable = ['table', 'incremental', 'seed', 'snapshot'].includes(materialized)
    const isView = isTable || materialized === 'view' ? !isTable : await this.#askKind(relation, connection)
    const kinds = await this.#kindsOf(relation, connection)
    const name = relation.identifier.toLowerCase()
    if (isView === undefined) kinds.delete(name)
    else kinds.set(name, isView)
    return isView === undefined
      ? undefined
      : await duckDbIdentity(relation, { dialect: this.#dialect, connection, isView })
  }

  /** Undefined when the relation is not there. */
  async #askKind(
    { database, schema, identifier }: NodeRelation,
    connection: WarehouseConnection,
  ): Promise<boolean | undefined> {
    const all = await this.#dialect.listRelations(connection, schema, database)
    const found = all.find(({ name }) => name.identifier.toLowerCase() === identifier.toLowerCase())
    return found && found.kind !== 'table'
  }

  #kindsOf(relation: NodeRelation, connection: WarehouseConnection): Promise<Map<string, boolean>> {
    const key = keyOf(relation)
    let kinds = this.#kinds.get(key)
    if (kinds === undefined) {
      const { database, schema } = relation
      kinds = this.#dialect
        .listRelations(connection, schema, database)
        .then((all) => new Map(all.map(({ name, kind }) => [name.identifier.toLowerCase(), kind !== 'table'])))
      this.#kinds.set(key, kinds)
      // A listing that failed is tried again by the next who asks.
      kinds.catch(() => this.#kinds.delete(key))
    }
    return kinds
  }
}

function keyOf({ database, schema }: NodeRelation): string {
  return `${database}.${schema}`
}

async function postgresIdentity(
  { schema, identifier }: NodeRelation,
  connection: WarehouseConnection,
): Promise<RelationIdentity | undefined> {
  const { rows } = await connection.query(
    `select pg_class.oid::text, relfilenode::text, relkind::text,
       (select md5(string_agg(attname || ' ' || atttypid || ' ' || atttypmod, ',' order by attnum)) from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped),
       (select md5(string_agg(ev_action::text, '')) from pg_rewrite where ev_class = pg_class.oid)
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relname = $2`,
    { parameters: [schema, identifier] },
  )
  const [row] = rows
  if (row === undefined) return undefined
  return { text: row.map((value) => value ?? '').join('/'), isView: row[2] === 'v' }
}

async function duckDbIdentity(
  relation: NodeRelation,
  {
    dialect,
    connection,
    isView,
  }: { readonly dialect: Dialect; readonly connection: WarehouseConnection; readonly isView: boolean },
): Promise<RelationIdentity | undefined> {
  if (isView) return await duckDbView(relation, connection)
  const name = dialect.formatRelation(relation)
  const { rows } = await connection.query(
    `select (select md5(string_agg(column_name || ' ' || column_type || ' ' || "null", ',')) from (describe ${name})),
       count(*), (select bit_xor(hash(part)) from (select * from ${name} limit 2048) as part) from ${name}`,
  )
  return { text: `table/${rows[0]?.map(String).join('/') ?? ''}`, isView: false }
}

async function duckDbView(
  { database, schema, identifier }: NodeRelation,
  connection: WarehouseConnection,
): Promise<RelationIdentity | undefined> {
  const { rows } = await connection.query(
    `select sql from duckdb_views()
     where lower(database_name) = lower($1) and lower(schema_name) = lower($2) and lower(view_name) = lower($3)`,
    { parameters: [database, schema, identifier] },
  )
  const [row] = rows
  if (row === undefined) return undefined
  const hash = createHash('md5')
    .update(viewDefinition(String(row[0])))
    .digest('hex')
  return { text: `view/${hash}`, isView: true }
}

/**
 * DuckDB's text of a view without what it writes in another way when the file is opened again: the types of casts
 * (`"DOUBLE"`, later `DOUBLE`; `VARCHAR(20)`, later `VARCHAR`), the parentheses of unions, quotes and white space.
 */
function viewDefinition(sql: string): string {
  const types = /\s+AS (?:"[^"]*"|[A-Z][A-Z0-9_ ]*)(?:\([^()]*\))?(?:\[\d*\])*\)/gu
  return sql.replaceAll(types, ')').replaceAll(/[()"\s]/gu, '')
}
