import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { Catalog } from '../catalog/catalog.ts'
import { rolesOfUser } from '../catalog/privilege.ts'
import { functionMacros } from '../function/function-macros.ts'
import { loadHistoryDdl } from '../copy/load-history.ts'
import { installFunctions } from '../function/install-functions.ts'
import { optionText } from '../parse/ast-option.ts'
import { arithmeticMacros } from '../translate/arithmetic.ts'
import { castMacros } from '../translate/cast-macros.ts'
import { quoteText } from '../translate/sql-text.ts'
import { tableMacros } from '../translate/translate-table.ts'
import { readOffsets, streamOffsetDdl } from '../version/stream.ts'
import { commitClock } from './commit-clock.ts'
import { openSession } from './open-session.ts'
import type { EngineState } from './session-state.ts'
import { TableLocks } from './table-locks.ts'
import type { StatementRequest, StatementResult } from './statement.ts'

export interface EngineOptions {
  /** Where the database and the files of stages live; in memory, with files in a temporary directory, when left out. */
  readonly directory?: string
}

export interface SessionOptions {
  readonly user: string
  readonly role?: string
  readonly warehouse?: string
  readonly database?: string
  readonly schema?: string
  /** Session parameters of the login, by upper-case name. */
  readonly parameters?: ReadonlyMap<string, string>
}

export interface SqlSession {
  readonly sessionId: string
  readonly role: string | undefined
  readonly warehouse: string | undefined
  readonly database: string | undefined
  readonly schema: string | undefined
  /** Every parameter that a client is told, as text: the output formats, TIMEZONE, AUTOCOMMIT … */
  readonly parameters: ReadonlyMap<string, string>
  /** One statement after the other. @throws SqlError */
  execute(request: StatementRequest): Promise<StatementResult>
  /** Rolls an open transaction back and drops what is temporary. */
  close(): Promise<void>
}

/** What CREATE USER and ALTER USER say of a user's logins. */
export interface MadeUser {
  readonly name: string
  readonly password?: string
  /** RSA_PUBLIC_KEY: the base64 of the key alone. */
  readonly publicKey?: string
  readonly defaultRole?: string
  readonly defaultWarehouse?: string
}

export interface Engine {
  /** A user that SQL made and did not disable, by its folded name. */
  findUser(name: string): MadeUser | undefined
  /** Whether the user may take the role, both by their folded names. */
  hasRole(user: string, role: string): boolean
  /** The directory that holds the files of all stages. */
  readonly stagesDirectory: string
  openSession(options: SessionOptions): Promise<SqlSession>
  close(): Promise<void>
}

/** Opens a database of Snowflake's kind. Only one engine at a time may have a directory open. */
export async function openEngine({ directory }: EngineOptions = {}): Promise<Engine> {
  const temporary = directory === undefined ? await mkdtemp(join(tmpdir(), 'snowflake-local-')) : undefined
  const stagesDirectory = join(directory ?? temporary ?? '', 'stages')
  await mkdir(stagesDirectory, { recursive: true })
  const instance = await DuckDBInstance.create(
    directory === undefined ? ':memory:' : join(directory, 'snowflake.duckdb'),
  )
  const connection = await instance.connect()
  await install(connection)
  const state: EngineState = {
    catalog: Catalog.of(await readCatalog(connection)),
    stagesDirectory,
    history: [],
    versions: [],
    results: new Map(),
    sessions: new Set(),
    locks: new TableLocks(),
    commits: commitClock(),
    save: async (writer) => {
      if (directory === undefined) return
      await writer.run(`UPDATE snowflake_catalog SET document = ${quoteText(state.catalog.toDocument())}`)
    },
  }
  await readOffsets(connection, state.catalog)
  return {
    stagesDirectory,
    findUser: (name) => findUser(state.catalog, name),
    hasRole: (user, role) => rolesOfUser(state.catalog, user).has(role),
    openSession: async (options) => await openSession(state, await instance.connect(), options),
    close: async () => {
      connection.closeSync()
      instance.closeSync()
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true })
    },
  }
}

function findUser(catalog: Catalog, name: string): MadeUser | undefined {
  const user = catalog.accountObject('USER', name)
  const option = (key: string) => optionText(user?.options.get(key))
  if (user === undefined || option('DISABLED')?.toUpperCase() === 'TRUE') return undefined
  const options = {
    password: option('PASSWORD'),
    publicKey: option('RSA_PUBLIC_KEY'),
    defaultRole: option('DEFAULT_ROLE'),
    defaultWarehouse: option('DEFAULT_WAREHOUSE'),
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { name: user.name, ...Object.fromEntries(given) }
}

type Connection = Awaited<ReturnType<DuckDBInstance['connect']>>

async function install(connection: Connection): Promise<void> {
  installFunctions(connection)
  await connection.run(loadHistoryDdl)
  await connection.run(streamOffsetDdl)
  for (const macro of [...castMacros, ...arithmeticMacros, ...tableMacros, ...functionMacros])
    await connection.run(macro)
}

/** The catalog stands beside the rows, so that both are committed as one. */
async function readCatalog(connection: Connection): Promise<string | undefined> {
  await connection.run('CREATE TABLE IF NOT EXISTS snowflake_catalog (document VARCHAR)')
  const [row] = await (await connection.run('SELECT document FROM snowflake_catalog')).getRows()
  if (row === undefined) await connection.run('INSERT INTO snowflake_catalog VALUES (NULL)')
  const document = row?.[0]
  return typeof document === 'string' ? document : undefined
}
