import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { testServer } from '@eclusa/postgres-local/testing'
import type { QueryResult, Warehouse } from '@eclusa/sdk'
import { dialectOf, openDuckDb, openPostgres } from '@eclusa/warehouse'
import type { ExecutionOptions, NodeCommand } from '../command/command-options.ts'
import { loadProject } from '../load-project.ts'
import type { LoadedProject } from '../load-project.ts'
import type { RunResult } from '../manifest/run-result.ts'
import { executeNodes } from '../run/execute-nodes.ts'
import type { RunEvent } from '../run/run-event.ts'

/* What tests of whole projects share: a warehouse of their own, a folder of their own, and runs in it. */

const fixtures = path.resolve(import.meta.dirname, '../../fixtures')

interface OpenedWarehouse extends AsyncDisposable {
  readonly warehouse: Warehouse
}

/** The warehouses that every behaviour is tried on, each opened empty. */
export const trialWarehouses: Readonly<Record<'DuckDB' | 'PostgreSQL', () => Promise<OpenedWarehouse>>> = {
  DuckDB: async () => {
    const warehouse = await openDuckDb({ path: ':memory:' })
    return { warehouse, [Symbol.asyncDispose]: async () => await warehouse[Symbol.asyncDispose]() }
  },
  PostgreSQL: async () => {
    const server = await testServer()
    const database = await server.createDatabase()
    const { hostname: host, port, username: user, password, pathname } = new URL(database.connectionString)
    const warehouse = await openPostgres({ host, port: Number(port), user, password, database: pathname.slice(1) })
    return {
      warehouse,
      async [Symbol.asyncDispose]() {
        await warehouse[Symbol.asyncDispose]()
        await database.drop()
      },
    }
  },
}

export interface RunOptions extends Partial<ExecutionOptions> {
  readonly command?: NodeCommand
  readonly vars?: Readonly<Record<string, unknown>>
  /** In the place of the trial's own: one that records what is sent. */
  readonly warehouse?: Warehouse
  emit?(event: RunEvent): void
}

/** A project in a folder of its own, and the warehouse that it builds in. */
export class ProjectTrial implements AsyncDisposable {
  readonly directory: string
  readonly warehouse: Warehouse
  readonly #opened: OpenedWarehouse

  private constructor(directory: string, opened: OpenedWarehouse) {
    this.directory = directory
    this.warehouse = opened.warehouse
    this.#opened = opened
  }

  /** @param project a folder of fixtures, or files by path; a dbt_project.yml of name `trial` is there by itself */
  static async open(
    open: () => Promise<OpenedWarehouse>,
    project: string | Readonly<Record<string, string>>,
  ): Promise<ProjectTrial> {
    const directory = await mkdtemp(path.join(tmpdir(), 'transform-'))
    const trial = new ProjectTrial(directory, await open())
    if (typeof project === 'string') await cp(path.join(fixtures, project), directory, { recursive: true })
    else for (const [file, text] of Object.entries({ ...defaultFiles, ...project })) await trial.write(file, text)
    return trial
  }

  async write(file: string, text: string): Promise<void> {
    const absolute = path.join(this.directory, file)
    await mkdir(path.dirname(absolute), { recursive: true })
    await writeFile(absolute, text)
  }

  async load(vars: Readonly<Record<string, unknown>> = {}): Promise<LoadedProject> {
    const { type, database } = this.warehouse
    return await loadProject({
      directory: this.directory,
      dialect: dialectOf(this.warehouse),
      log: { debug() {}, info() {}, warn() {}, error() {} },
      vars,
      target: { name: 'dev', type, database, schema: 'analytics', threads: 2 },
    })
  }

  /** Runs everything. @returns results by the name of the node. */
  async run(options: RunOptions = {}): Promise<Readonly<Record<string, RunResult>>> {
    const { command = 'build', vars, warehouse = this.warehouse, ...execution } = options
    const project = await this.load(vars)
    const results = await executeNodes(project, {
      ids: new Set([...project.nodes.keys(), ...Object.keys(project.manifest.unit_tests)]),
      command,
      execution: { ...executionDefault, ...execution },
      warehouse,
      signal: new AbortController().signal,
      emit: (event) => options.emit?.(event),
    })
    return Object.fromEntries(results.map((result) => [nameOf(result.unique_id), result]))
  }

  async query(sql: string): Promise<QueryResult> {
    await using connection = await this.warehouse.connect()
    return await connection.query(sql)
  }

  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    return (await this.query(sql)).rows
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]()
    await rm(this.directory, { recursive: true })
  }
}

const defaultFiles = { 'dbt_project.yml': 'name: trial\n' }

const executionDefault: ExecutionOptions = {
  threads: 2,
  fullRefresh: false,
  failFast: false,
  empty: false,
  storeFailures: false,
  warnError: false,
}

/** `model.shop.orders` is orders; a generic test has its hash behind its name. */
function nameOf(id: string): string {
  return id.split('.').slice(2).join('.')
}
