import { Client } from 'pg'
import type { TestServer } from '@eclusa/postgres-local/testing'

/** A session of the tests beside the source's own. */
export class TestSession implements AsyncDisposable {
  readonly client: Client

  private constructor(client: Client) {
    this.client = client
  }

  static async open(connectionString: string): Promise<TestSession> {
    const client = new Client({ connectionString })
    client.on('error', () => {})
    await client.connect()
    return new TestSession(client)
  }

  /** Runs statements and returns the rows of the last one, as arrays of texts. */
  async run(sql: string): Promise<(string | null)[][]> {
    const result = await this.client.query<(string | null)[]>({
      text: sql,
      rowMode: 'array',
      types: { getTypeParser: () => (text: string) => text },
    })
    const last = Array.isArray(result) ? result.at(-1) : result
    return last.rows
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
  }
}

export interface SourceDatabase extends AsyncDisposable {
  readonly connectionString: string
  /** A session as superuser that stays open. */
  readonly session: TestSession
  run(sql: string): Promise<(string | null)[][]>
  open(): Promise<TestSession>
}

/** An empty database, and a session in it. */
export async function createSourceDatabase(server: TestServer): Promise<SourceDatabase> {
  const database = await server.createDatabase()
  const session = await TestSession.open(database.connectionString)
  return {
    connectionString: database.connectionString,
    session,
    run: async (sql) => await session.run(sql),
    open: async () => await TestSession.open(database.connectionString),
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]()
      await database.drop()
    },
  }
}

const pollMs = 10
const deadlineMs = 45_000

/** Waits until a condition holds: for what happens at the server, there is nothing else to wait for. */
export async function waitUntil(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
