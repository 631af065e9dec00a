import { createHash } from 'node:crypto'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Client } from 'pg'

/** Number of rows and a hash over all of them, in an order that both systems have: equal if and only if the multisets are. */
export interface RowMultiset {
  readonly rows: number
  readonly hash: string
}

interface TableColumn {
  readonly name: string
  readonly type: string
}

/** The columns of every table of a schema in PostgreSQL, by which both sides are read; by `schema.table`. */
export async function tablesOf(client: Client, schema: string): Promise<Record<string, readonly TableColumn[]>> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', relnamespace::regnamespace, relname) as name from pg_class
     where relnamespace = $1::regnamespace and relkind = 'r' order by 1`,
    [schema],
  )
  const tables: Record<string, readonly TableColumn[]> = {}
  for (const { name } of rows) tables[name] = await columnsOf(client, name)
  return tables
}

export async function postgresMultisets(
  client: Client,
  tables: Readonly<Record<string, readonly TableColumn[]>>,
): Promise<Record<string, RowMultiset>> {
  const result: Record<string, RowMultiset> = {}
  for (const [table, columns] of Object.entries(tables)) result[table] = await postgresMultiset(client, table, columns)
  return result
}

async function columnsOf(client: Client, table: string): Promise<TableColumn[]> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  return rows
}

/** Every value as text, in a form that PostgreSQL and DuckDB share; NULL as a character that no value holds. */
async function postgresMultiset(client: Client, table: string, columns: readonly TableColumn[]): Promise<RowMultiset> {
  const values = columns.map(({ name, type }) => `coalesce(${postgresText(`"${name}"`, type)}, e'\\u0001')`)
  const { rows } = await client.query<{ row: string }>(
    `select concat_ws(e'\\u0002', ${values.join(', ')}) as row from ${table}`,
  )
  return multisetOf(rows.map(({ row }) => row))
}

export async function duckdbMultisets(
  file: string,
  tables: Readonly<Record<string, readonly TableColumn[]>>,
): Promise<Record<string, RowMultiset>> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  try {
    await connection.run(`set timezone = 'UTC'`)
    const result: Record<string, RowMultiset> = {}
    for (const [table, columns] of Object.entries(tables)) {
      const values = columns.map(({ name, type }) => `coalesce(${duckdbText(`"${name}"`, type)}, chr(1))`)
      const reader = await connection.runAndReadAll(
        `select concat_ws(chr(2), ${values.join(', ')}) as row from ${table}`,
      )
      result[table] = multisetOf(reader.getRows().map(([row]) => String(row)))
    }
    return result
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function postgresText(column: string, type: string): string {
  if (type === 'boolean') return `case when ${column} then 'true' when not ${column} then 'false' end`
  if (type.endsWith('[]')) return `array_to_string(${column}, ',', '*')`
  return `${column}::text`
}

function duckdbText(column: string, type: string): string {
  if (type.endsWith('[]'))
    return `array_to_string(list_transform(${column}, lambda item: coalesce(item::varchar, '*')), ',')`
  return `${column}::varchar`
}

function multisetOf(rows: readonly string[]): RowMultiset {
  const hash = createHash('sha256')
  // Sorted by UTF-16 unit, here and there, so that no collation can differ.
  for (const row of rows.toSorted()) hash.update(row).update('\n')
  return { rows: rows.length, hash: hash.digest('hex') }
}
