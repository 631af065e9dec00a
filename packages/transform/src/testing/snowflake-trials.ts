import { randomUUID } from 'node:crypto'
import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import type { SnowflakeLocal } from '@eclusa/snowflake-local'
import { openSnowflake } from '@eclusa/warehouse'
import type { SnowflakeWarehouse } from '@eclusa/warehouse'
import { ProjectTrial } from './project-trial.ts'
import type { RunOptions } from './project-trial.ts'

const password = 'p'

/** The local endpoint of Snowflake, on which each trial has a database of its own. */
export class SnowflakeTrials implements AsyncDisposable {
  readonly server: SnowflakeLocal

  private constructor(server: SnowflakeLocal) {
    this.server = server
  }

  static async start(): Promise<SnowflakeTrials> {
    return new SnowflakeTrials(await startSnowflakeLocal({ users: [{ name: 'TRIAL', password }] }))
  }

  async open(project: Readonly<Record<string, string>>): Promise<ProjectTrial> {
    return await ProjectTrial.open(async () => {
      const warehouse = await this.#openDatabase()
      return { warehouse, [Symbol.asyncDispose]: async () => await warehouse[Symbol.asyncDispose]() }
    }, project)
  }

  /** A profile of dbt for that database, by which commands connect. */
  profile(database: string): string {
    const { account, host, port } = this.server
    const target = { type: 'snowflake', account, host, port, protocol: 'http', user: 'TRIAL', password, threads: 2 }
    const outputs = { dev: { ...target, database, schema: 'analytics', warehouse: 'COMPUTE' } }
    return JSON.stringify({ trial: { target: 'dev', outputs } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
  }

  async #openDatabase(): Promise<SnowflakeWarehouse> {
    const database = `TRIAL_${randomUUID().slice(0, 8).toUpperCase()}`
    const { account, host, port } = this.server
    const warehouse = await openSnowflake({
      account,
      host,
      port,
      protocol: 'http',
      user: 'TRIAL',
      database,
      warehouse: 'COMPUTE',
      authentication: { method: 'password', password },
    })
    await using connection = await warehouse.connect()
    await connection.query(`CREATE DATABASE ${database}`)
    await connection.query('CREATE WAREHOUSE IF NOT EXISTS compute')
    return warehouse
  }
}

/** What became of each node, with the message of those that went wrong. */
export async function outcomesOf(trial: ProjectTrial, options: RunOptions = {}): Promise<Record<string, string>> {
  const results = Object.entries(await trial.run(options))
  return Object.fromEntries(results.map(([name, { status, message }]) => [name, outcomeOf(status, message)]))
}

function outcomeOf(status: string, message: string | null): string {
  return ['success', 'pass', 'warn', 'skipped'].includes(status) ? status : `${status}: ${message}`
}

/** Rows by the names of their columns, such as those of SHOW. */
export async function records(trial: ProjectTrial, sql: string): Promise<readonly Record<string, unknown>[]> {
  const { columns, rows } = await trial.query(sql)
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])))
}
