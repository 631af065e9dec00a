import type { TestServer } from '@eclusa/postgres-local/testing'
import { afterAll, beforeAll } from 'vitest'
import { createSourceDatabase } from './database.ts'
import type { SourceDatabase } from './database.ts'

/** The database of a suite: there from before its first test until after its last. */
export interface SuiteDatabase extends Pick<SourceDatabase, 'connectionString' | 'session' | 'run' | 'open'> {
  /** Makes a schema that no other test of the suite has, and returns its name. */
  makeSchema(): Promise<string>
}

/** Gives the enclosing suite an empty database. @param prepareSql is run in it before the first test. */
export function suiteDatabase(server: TestServer, prepareSql?: string): SuiteDatabase {
  let database: SourceDatabase
  let schemas = 0
  beforeAll(async () => {
    database = await createSourceDatabase(server)
    if (prepareSql !== undefined) await database.run(prepareSql)
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
  })
  return {
    get connectionString() {
      return database.connectionString
    },
    get session() {
      return database.session
    },
    run: async (sql) => await database.run(sql),
    open: async () => await database.open(),
    async makeSchema() {
      const schema = `s${++schemas}`
      await database.run(`CREATE SCHEMA ${schema}`)
      return schema
    },
  }
}

export const suiteRolePassword = 'secret'

/** Gives the enclosing suite a role that may log in, and nothing else, until a test grants it more. */
export function suiteRole(database: SuiteDatabase, role: string): void {
  beforeAll(async () => {
    await database.run(`DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} LOGIN PASSWORD '${suiteRolePassword}'`)
  })
  afterAll(async () => {
    await database.run(`DROP OWNED BY ${role}`)
    await database.run(`DROP ROLE ${role}`)
  })
}
