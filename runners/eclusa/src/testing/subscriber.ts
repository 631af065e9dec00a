import type { TestServer } from '@eclusa/postgres-local/testing'
import { EndToEnd } from './end-to-end.ts'
import { waitUntil } from './wait-until.ts'

export interface SubscriberOptions {
  /** Makes the tables; where rows are not copied, with the rows that they have at the source. */
  readonly prepare: (database: EndToEnd) => Promise<unknown>
  /** Rows that are at the source come by the subscription. */
  readonly copiesRows: boolean
}

/** A database that follows another by PostgreSQL's own logical replication: what a replica ought to hold. */
export class Subscriber implements AsyncDisposable {
  readonly database: EndToEnd
  readonly #source: EndToEnd
  readonly #name: string
  #marks = 0

  /** Follows all tables of `source` on a server of any version, which may be the same. */
  static async open(
    server: TestServer,
    source: EndToEnd,
    { prepare, copiesRows }: SubscriberOptions,
  ): Promise<Subscriber> {
    const database = await EndToEnd.open(server)
    for (const side of [source, database]) await side.sql('CREATE TABLE mark (mark int PRIMARY KEY)')
    await prepare(database)
    await source.sql('CREATE PUBLICATION oracle FOR ALL TABLES')
    const { hostname, port, username, password, pathname } = new URL(source.connectionString)
    const name = `oracle_${pathname.slice(1)}`
    // A subscription that makes its slot itself would, on one server, wait for its own transaction.
    await source.sql(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`)
    const connection = `host=${hostname} port=${port} user=${username} password=${password} dbname=${pathname.slice(1)}`
    await database.sql(`CREATE SUBSCRIPTION ${name} CONNECTION '${connection}' PUBLICATION oracle
      WITH (create_slot = false, slot_name = '${name}', copy_data = ${copiesRows}, synchronous_commit = 'on')`)
    return new Subscriber(database, source, name)
  }

  private constructor(database: EndToEnd, source: EndToEnd, name: string) {
    this.database = database
    this.#source = source
    this.#name = name
  }

  /** Waits until all is there that was committed at the source before. */
  async quiesce(): Promise<void> {
    const mark = ++this.#marks
    await this.#source.sql(`INSERT INTO mark VALUES (${mark})`)
    await waitUntil('the subscriber has all', async () => {
      const [pending] = await this.database.sql(`SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'`)
      const [found] = await this.database.sql(`SELECT count(*) FROM mark WHERE mark = ${mark}`)
      return pending?.[0] === '0' && found?.[0] === '1'
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.sql(`ALTER SUBSCRIPTION ${this.#name} DISABLE`)
    await this.database.sql(`ALTER SUBSCRIPTION ${this.#name} SET (slot_name = NONE)`)
    await this.database.sql(`DROP SUBSCRIPTION ${this.#name}`)
    await this.database[Symbol.asyncDispose]()
  }
}
