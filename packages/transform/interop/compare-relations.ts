import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import pg from 'pg'

export type Server =
  | { readonly type: 'duckdb' }
  | { readonly type: 'postgres'; readonly host?: string; readonly port: number; readonly user?: string }

interface Side {
  readonly name: string
  readonly folder: string
}

interface CompareRelationsOptions {
  readonly server: Server
  readonly databaseName: string
  readonly sides: readonly [Side, Side]
}

/** What stands in both databases. `before` and `after` go around every run of a side. */
export interface RelationComparison {
  before(side: Side): Promise<void>
  after(side: Side): Promise<void>
  differences(): Promise<string[]>
  close(): Promise<void>
}

/** Of each relation, by schema and name: its kind, its columns with types, and its rows in no order. */
type Content = Map<string, { readonly kind: string; readonly columns: string; readonly rows: readonly string[] }>

type Query = (sql: string) => Promise<readonly (readonly unknown[])[]>

export async function compareRelations(options: CompareRelationsOptions): Promise<RelationComparison> {
  return options.server.type === 'duckdb' ? duckdbComparison(options) : await postgresComparison(options)
}

function duckdbComparison({ databaseName, sides }: CompareRelationsOptions): RelationComparison {
  return {
    before: async () => {},
    after: async () => {},
    close: async () => {},
    differences: async () => {
      const [expected, actual] = await Promise.all(
        sides.map(async ({ folder }) => {
          const instance = await DuckDBInstance.create(path.join(folder, `${databaseName}.duckdb`))
          const connection = await instance.connect()
          const content = await readContent(async (sql) => (await connection.runAndReadAll(sql)).getRowsJson())
          connection.closeSync()
          instance.closeSync()
          return content
        }),
      )
      return compareContents(expected ?? new Map(), actual ?? new Map())
    },
  }
}

async function postgresComparison({
  server,
  databaseName,
  sides,
}: CompareRelationsOptions): Promise<RelationComparison> {
  const settings = server as Extract<Server, { type: 'postgres' }>
  const admin = new pg.Client({ ...settings, database: 'postgres' })
  await admin.connect()
  const kept = ({ name }: Side) => `${databaseName}_${name}`
  for (const name of [databaseName, ...sides.map(kept)])
    await admin.query(`drop database if exists ${name} with (force)`)
  for (const side of sides) await admin.query(`create database ${kept(side)}`)
  const rename = async (from: string, to: string) => void (await admin.query(`alter database ${from} rename to ${to}`))
  return {
    before: async (side) => await rename(kept(side), databaseName),
    after: async (side) => await rename(databaseName, kept(side)),
    close: async () => await admin.end(),
    differences: async () => {
      const contents: Content[] = []
      for (const side of sides) {
        const client = new pg.Client({ ...settings, database: kept(side), types: { getTypeParser: () => String } })
        await client.connect()
        contents.push(await readContent(async (sql) => (await client.query({ text: sql, rowMode: 'array' })).rows))
        await client.end()
      }
      return compareContents(contents[0] ?? new Map(), contents[1] ?? new Map())
    },
  }
}

const relationsQuery = `
  select table_schema, table_name, table_type from information_schema.tables
  where table_schema not in ('information_schema', 'pg_catalog') order by 1, 2`

/** Columns of snapshots that hold the time of the run, and what is hashed of it. */
const timeColumns = new Set(['dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to'])

async function readContent(query: Query): Promise<Content> {
  const content: Content = new Map()
  for (const relation of await query(relationsQuery)) {
    const [schema = '', name = '', kind = ''] = relation.map(String)
    const columns = await query(`
      select column_name, data_type from information_schema.columns
      where table_schema = '${schema}' and table_name = '${name}' order by ordinal_position`)
    let rows: string[]
    try {
      const isTime = columns.map(([column]) => timeColumns.has(String(column)))
      const shown = (row: readonly unknown[]) =>
        JSON.stringify(row.map((value, index) => (isTime[index] && value !== null ? 'a time' : value)))
      rows = (await query(`select * from "${schema}"."${name}"`)).map(shown).toSorted()
    } catch (error) {
      rows = [`cannot be read: ${String(error)}`]
    }
    content.set(`${schema}.${name}`, {
      kind,
      columns: columns.map((column) => column.join(' ')).join(', '),
      rows,
    })
  }
  return content
}

function compareContents(expected: Content, actual: Content): string[] {
  const names = [...new Set([...expected.keys(), ...actual.keys()])].toSorted()
  return names.flatMap((name) => {
    const [left, right] = [expected.get(name), actual.get(name)]
    if (left === undefined || right === undefined)
      return [`${name}: ${left === undefined ? 'dbt has none' : 'missing'}`]
    if (left.kind !== right.kind) return [`${name}: expected ${left.kind}, got ${right.kind}`]
    if (left.columns !== right.columns) return [`${name}: expected columns ${left.columns}; got ${right.columns}`]
    const index = left.rows.findIndex((row, position) => row !== right.rows[position])
    if (index < 0 && left.rows.length === right.rows.length) return []
    const place = index < 0 ? left.rows.length : index
    return [
      `${name}: ${left.rows.length} rows, got ${right.rows.length}; expected ${left.rows[place]}, got ${right.rows[place]}`,
    ]
  })
}
