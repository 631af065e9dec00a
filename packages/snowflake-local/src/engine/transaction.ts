import { purgeDropped } from '../version/purge.ts'
import { settleStreams } from '../version/stream.ts'
import { runDuckdb } from './duckdb.ts'
import type { EngineState, SessionState } from './session-state.ts'

export async function beginTransaction(session: SessionState): Promise<void> {
  // BEGIN within a transaction goes on with it.
  if (session.isInTransaction) return
  await runDuckdb(session.connection, 'BEGIN TRANSACTION')
  session.isInTransaction = true
  session.transactionId += 1
}

export async function commitTransaction(session: SessionState): Promise<void> {
  if (!session.isInTransaction) return
  session.isInTransaction = false
  try {
    await runDuckdb(session.connection, 'COMMIT')
    settleStreams(session)
  } catch (error) {
    session.consumed.clear()
    await session.connection.run('ROLLBACK').catch(() => undefined)
    throw error
  }
}

export async function rollbackTransaction(session: SessionState): Promise<void> {
  if (!session.isInTransaction) return
  session.isInTransaction = false
  session.consumed.clear()
  await runDuckdb(session.connection, 'ROLLBACK')
}

/** Several statements of DuckDB as one of Snowflake: all or nothing, within the open transaction if there is one. */
export async function atomically<Result>(session: SessionState, work: () => Promise<Result>): Promise<Result> {
  if (session.isInTransaction) return await work()
  await runDuckdb(session.connection, 'BEGIN TRANSACTION')
  try {
    const result = await work()
    await runDuckdb(session.connection, 'COMMIT')
    return result
  } catch (error) {
    await session.connection.run('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/**
 * DDL commits the open transaction and is one by itself; the catalog is written down with what it changed. One at a
 * time, since all of them change the one catalog.
 */
export async function defining<Result>(session: SessionState, work: () => Promise<Result>): Promise<Result> {
  await commitTransaction(session)
  return await inTurn(session.engine, async () => {
    const result = await atomically(session, async () => {
      const done = await work()
      await session.engine.save(session.connection)
      return done
    })
    await purgeDropped(session)
    return result
  })
}

async function inTurn<Result>(engine: EngineState, work: () => Promise<Result>): Promise<Result> {
  const result = (turns.get(engine) ?? Promise.resolve()).then(work)
  turns.set(
    engine,
    result.then(
      () => undefined,
      () => undefined,
    ),
  )
  return await result
}

const turns = new WeakMap<EngineState, Promise<void>>()
