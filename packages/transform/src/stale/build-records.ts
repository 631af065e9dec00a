import type { WarehouseConnection } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'

/** Where records are kept: a schema with built relations. */
export interface RecordPlace {
  readonly database: string
  readonly schema: string
}

/** What is known of a build: of a relation, or of a test that has passed. */
export interface BuildRecord {
  /** Unique id. */
  readonly node: string
  /** Another one for each build; what is built upon the relation notes it. Text without a meaning. */
  readonly version: string
  /** Of the SQL and the settings. Empty: never to be taken for unchanged, as after a build without rows. */
  readonly fingerprint: string
  /** Versions of all that was read, by unique id; null for what has none. */
  readonly inputs: Readonly<Record<string, string | null>>
  /** What the warehouse said of the relation after the build; empty for a test. */
  readonly identity: string
  /** ISO 8601, by the clock of the program. */
  readonly builtAt: string
}

/** The table, one in each schema: it goes where the relations go, is dropped and restored with them. */
export const recordsTable = '_eclusa_builds'

const columns = ['node', 'version', 'fingerprint', 'inputs', 'identity', 'built_at']

/**
 * Records of builds, beside what was built. What is asked for is read once; what is written here is known at once, what
 * others write while a run goes on is not.
 */
export class BuildRecords {
  readonly #dialect: Dialect
  readonly #places = new Map<string, Promise<Map<string, BuildRecord> | undefined>>()
  /** Ids of nodes whose records were written here, perhaps in a transaction that was rolled back. */
  readonly #touched = new Set<string>()

  constructor(dialect: Dialect) {
    this.#dialect = dialect
  }

  /** Makes the table where it is missing. Not for two sessions at once: DuckDB lets only one of them. */
  async create(place: RecordPlace, connection: WarehouseConnection): Promise<void> {
    const definition = columns.map((name) => `${name} ${this.#dialect.sqlTypeOf({ type: 'text' })}`)
    await connection.query(`create table if not exists ${this.#tableIn(place)} (${definition.join(', ')})`)
    this.#places.delete(keyOf(place))
  }

  /** Whether builds in the schema are recorded. */
  async areKept(place: RecordPlace, connection: WarehouseConnection): Promise<boolean> {
    return (await this.#recordsOf(place, connection)) !== undefined
  }

  async get(place: RecordPlace, node: string, connection: WarehouseConnection): Promise<BuildRecord | undefined> {
    return (await this.#recordsOf(place, connection))?.get(node)
  }

  /** Within the connection's transaction, where there is one. `remember` it when that was committed. */
  async write(place: RecordPlace, record: BuildRecord, connection: WarehouseConnection): Promise<void> {
    const { node, version, fingerprint, inputs, identity, builtAt } = record
    const values = [node, version, fingerprint, JSON.stringify(inputs), identity, builtAt]
    this.#touched.add(node)
    const literals = values.map((value) => this.#dialect.quoteLiteral(value)).join(', ')
    await this.#delete(place, node, connection)
    await connection.query(`insert into ${this.#tableIn(place)} (${columns.join(', ')}) values (${literals})`)
  }

  async remember(place: RecordPlace, record: BuildRecord, connection: WarehouseConnection): Promise<void> {
    const records = await this.#recordsOf(place, connection)
    records?.set(record.node, record)
  }

  /** Nothing is sent for what cannot have a record. */
  async forget(place: RecordPlace, node: string, connection: WarehouseConnection): Promise<void> {
    const records = await this.#recordsOf(place, connection)
    if (records?.delete(node) === true || this.#touched.has(node)) await this.#delete(place, node, connection)
  }

  async #delete(place: RecordPlace, node: string, connection: WarehouseConnection): Promise<void> {
    await connection.query(`delete from ${this.#tableIn(place)} where node = ${this.#dialect.quoteLiteral(node)}`)
  }

  #recordsOf(place: RecordPlace, connection: WarehouseConnection): Promise<Map<string, BuildRecord> | undefined> {
    const key = keyOf(place)
    let records = this.#places.get(key)
    if (records === undefined) {
      records = this.#read(place, connection)
      this.#places.set(key, records)
      // A reading that failed is tried again by the next who asks.
      records.catch(() => this.#places.delete(key))
    }
    return records
  }

  async #read(place: RecordPlace, connection: WarehouseConnection): Promise<Map<string, BuildRecord> | undefined> {
    const table = { ...place, identifier: recordsTable }
    if ((await this.#dialect.listColumns(connection, table)) === undefined) return undefined
    const { rows } = await connection.query(`select ${columns.join(', ')} from ${this.#tableIn(place)}`)
    const records = rows.map((row): BuildRecord => {
      const [node = '', version = '', fingerprint = '', inputs = '{}', identity = '', builtAt = ''] = row.map(String)
      return { node, version, fingerprint, inputs: JSON.parse(inputs) as BuildRecord['inputs'], identity, builtAt }
    })
    return new Map(records.map((record) => [record.node, record]))
  }

  #tableIn({ database, schema }: RecordPlace): string {
    return this.#dialect.formatRelation({ database, schema, identifier: recordsTable })
  }
}

function keyOf({ database, schema }: RecordPlace): string {
  return `${database}.${schema}`
}
