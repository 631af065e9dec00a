import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openSnowflake } from '@eclusa/warehouse'
import type { LocalSnowflake } from './project-files.ts'

export interface RunningSnowflake extends AsyncDisposable {
  readonly login: LocalSnowflake
  /** The words that start it again as it was. */
  readonly command: string
}

/** The user that snowflake-local has by itself. */
const user = { name: 'LOCAL', password: 'local' }
/** Secrets are not written down in configurations, not even this one, which protects nothing. */
const passwordFile = '.eclusa/snowflake-password'
const names = { warehouse: 'LOADING', database: 'SHOP' }

/** Starts an endpoint that stands for Snowflake, with what a project needs of an account; its data stay in the project. */
export async function startLocalSnowflake(directory: string): Promise<RunningSnowflake> {
  const { startSnowflakeLocal } = await import('@eclusa/snowflake-local')
  const data = join(directory, '.eclusa', 'snowflake')
  const server = await startSnowflakeLocal({ users: [user], directory: data })
  const { account, host, port } = server
  const login = { account, host, port, user: user.name, passwordFile, ...names }
  try {
    await mkdir(join(directory, '.eclusa'), { recursive: true })
    await writeFile(join(directory, passwordFile), user.password, { mode: 0o600 })
    await prepare(login)
  } catch (error) {
    await server.close()
    throw error
  }
  return {
    login,
    command: `npx @eclusa/snowflake-local --port ${port} --directory`,
    [Symbol.asyncDispose]: () => server.close(),
  }
}

async function prepare({ account, host, port, database }: LocalSnowflake): Promise<void> {
  const authentication = { method: 'password', password: user.password } as const
  const server = { account, host, port, protocol: 'http', database } as const
  await using warehouse = await openSnowflake({ ...server, user: user.name, authentication })
  await using session = await warehouse.connect()
  await session.query(`CREATE DATABASE IF NOT EXISTS ${names.database}`)
  await session.query(`CREATE WAREHOUSE IF NOT EXISTS ${names.warehouse} AUTO_SUSPEND = 60`)
}
