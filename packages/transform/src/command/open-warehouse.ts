import path from 'node:path'
import type { Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { openDuckDb, openPostgres, openSnowflake } from '@eclusa/warehouse'
import type { Profile } from '../project/profile.ts'
import { duckdbSettings, prepareDuckDb, refuseForeignKeys } from './duckdb-profile.ts'
import { postgresOptions } from './postgres-profile.ts'
import { snowflakeOptions } from './snowflake-login.ts'

export interface OpenProfileOptions {
  /** Folder that a DuckDB file's path is relative to: the project's. */
  readonly directory: string
  readonly signal: AbortSignal
}

/**
 * Opens the warehouse that a profile describes, with dbt's keys: of DuckDB `path`, `extensions`, `secrets`, `attach`, `settings`;
 * of PostgreSQL all those of dbt-postgres but `autocommit`.
 *
 * @throws PROJECT_INVALID for keys that cannot be heeded; WAREHOUSE_CONNECTION_FAILED, WAREHOUSE_STATEMENT_FAILED for a setting that the warehouse refuses,
 * WAREHOUSE_DRIVER_MISSING for a type that has no driver here.
 */
export async function openProfileWarehouse(profile: Profile, options: OpenProfileOptions): Promise<Warehouse> {
  switch (profile.type) {
    case 'duckdb':
      return await openDuckDbProfile(profile.credentials, options)
    case 'postgres':
      return await openPostgres({ ...(await postgresOptions(profile.credentials)), signal: options.signal })
    case 'snowflake':
      return await openSnowflake({ ...(await snowflakeOptions(profile.credentials)), signal: options.signal })
  }
}

/**
 * Opens the warehouse at the first statement, for compiling: most models ask it nothing, and it may be out of reach. After
 * a failed opening the next statement tries again.
 */
export function openAtFirstStatement(profile: Profile, options: OpenProfileOptions): Warehouse {
  const warehouse = openOnce(() => openProfileWarehouse(profile, options))
  const connect = async (): Promise<WarehouseConnection> => {
    const connection = openOnce(async () => await (await warehouse.open()).connect())
    return await Promise.resolve({
      query: async (sql, queryOptions) => await (await connection.open()).query(sql, queryOptions),
      [Symbol.asyncDispose]: async () => await connection[Symbol.asyncDispose](),
    })
  }
  const dispose = async () => await warehouse[Symbol.asyncDispose]()
  return { type: profile.type, database: profile.target.database, connect, [Symbol.asyncDispose]: dispose }
}

/** Opens when first asked to, and disposes of what was opened, if anything was. */
function openOnce<Opened extends AsyncDisposable>(open: () => Promise<Opened>) {
  let opened: Promise<Opened> | undefined
  return {
    open: async (): Promise<Opened> => {
      const opening = (opened ??= open())
      try {
        return await opening
      } catch (error) {
        if (opened === opening) opened = undefined
        throw error
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      // Whoever asked for what could not be opened was told.
      const last = await opened?.catch(() => undefined)
      await last?.[Symbol.asyncDispose]()
    },
  }
}

type Credentials = Profile['credentials']

async function openDuckDbProfile(
  credentials: Credentials,
  { directory, signal }: OpenProfileOptions,
): Promise<Warehouse> {
  refuseForeignKeys(credentials)
  const place = textAt(credentials, 'path') ?? ':memory:'
  const warehouse = await openDuckDb({
    path: place === ':memory:' ? place : path.resolve(directory, place),
    readOnly: credentials['is_read_only'] === true,
    signal,
  })
  try {
    await prepareDuckDb(warehouse, credentials, directory)
  } catch (error) {
    await warehouse[Symbol.asyncDispose]()
    throw error
  }
  return withSessionStatements(warehouse, duckdbSettings(credentials, directory))
}

/** The same warehouse, each of whose sessions begins with some statements. */
function withSessionStatements(warehouse: Warehouse, statements: readonly string[]): Warehouse {
  if (statements.length === 0) return warehouse
  const connect = async (): Promise<WarehouseConnection> => {
    const connection = await warehouse.connect()
    try {
      for (const statement of statements) await connection.query(statement)
    } catch (error) {
      await connection[Symbol.asyncDispose]()
      throw error
    }
    return connection
  }
  return {
    type: warehouse.type,
    database: warehouse.database,
    connect,
    // In a session of its own, which the statements do not reach: relations are named in full where this is used.
    ...(warehouse.read === undefined ? {} : { read: (sql, options) => warehouse.read!(sql, options) }),
    [Symbol.asyncDispose]: async () => await warehouse[Symbol.asyncDispose](),
  }
}

function textAt(credentials: Credentials, key: string): string | undefined {
  const value = credentials[key]
  return typeof value === 'string' ? value : undefined
}
