import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine, SessionOptions } from '../src/engine/engine.ts'
import type { ResultColumn, ResultRow, StatementRequest, StatementResult } from '../src/engine/statement.ts'

/** What the engine says to a statement, by the pattern that it matches. */
export type Script = readonly (readonly [
  RegExp,
  (request: StatementRequest, match: RegExpExecArray) => StatementResult | Promise<StatementResult>,
])[]

export interface ScriptedEngine extends Engine {
  /** The statements that were executed, in order. */
  readonly executed: string[]
  readonly sessions: SessionOptions[]
  closedSessions: number
}

/** An engine that knows no SQL: tests of the protocol say what it answers. */
export async function openScriptedEngine(script: (engine: ScriptedEngine) => Script): Promise<ScriptedEngine> {
  const stagesDirectory = await mkdtemp(join(tmpdir(), 'snowflake-local-stages-'))
  const engine: ScriptedEngine = {
    stagesDirectory,
    executed: [],
    sessions: [],
    closedSessions: 0,
    findUser: () => undefined,
    hasRole: () => true,
    openSession: async (options) => {
      engine.sessions.push(options)
      return {
        sessionId: String(engine.sessions.length),
        role: options.role,
        warehouse: options.warehouse,
        database: options.database,
        schema: options.schema,
        parameters: options.parameters ?? new Map(),
        execute: async (request) => await answer(engine, script(engine), request),
        close: async () => {
          engine.closedSessions += 1
        },
      }
    },
    close: async () => await rm(stagesDirectory, { recursive: true, force: true }),
  }
  return engine
}

async function answer(engine: ScriptedEngine, script: Script, request: StatementRequest): Promise<StatementResult> {
  engine.executed.push(request.sqlText)
  for (const [pattern, reply] of script) {
    const match = pattern.exec(request.sqlText)
    if (match !== null) return await reply(request, match)
  }
  throw Object.assign(new Error('SQL compilation error:\nunknown'), { code: '001003', sqlState: '42000' })
}

/** The result of a query. */
export function rows(columns: readonly ResultColumn[], ...blocks: readonly (readonly ResultRow[])[]): StatementResult {
  return { statementTypeId: 4096, columns, rows: each(blocks) }
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}

/** The result of a statement that only says that it was done. */
export function done(): StatementResult {
  const columns: readonly ResultColumn[] = [{ name: 'status', type: 'text', nullable: true }]
  return { ...rows(columns, [['Statement executed successfully.']]), statementTypeId: 24_576 }
}
