import { DuckDBInstance } from '@duckdb/node-api'
import { unsupportedFeature } from './sql-error.ts'
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

export interface Engine {
  /** The directory that holds the files of all stages. */
  readonly stagesDirectory: string
  openSession(options: SessionOptions): Promise<SqlSession>
  close(): Promise<void>
}

export async function openEngine(_options: EngineOptions = {}): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:')
  return {
    stagesDirectory: '',
    openSession: async () => await Promise.reject(unsupportedFeature('sessions')),
    close: async () => {
      instance.closeSync()
      await Promise.resolve()
    },
  }
}
