import type { Table } from '../catalog/catalog-object.ts'
import { purgeDropped } from '../version/purge.ts'
import { settleStreams } from '../version/stream.ts'
import { runDuckdb } from './duckdb.ts'
import { noteCommit, noteDefinition } from './commit-clock.ts'
import type { EngineState, SessionState } from './session-state.ts'
import { isStale, openTransaction, restart } from './transaction-journal.ts'

/*
 * A transaction of Snowflake is one of DuckDB and a journal of the statements that changed rows in it. The journal is
 * there because DuckDB gives up the whole transaction when a statement fails, and Snowflake only the statement: what
 * went well before is then done again, from the journal, when the session goes on (transaction-journal.ts).
 */

export async function beginTransaction(session: SessionState): Promise<void> {
  // BEGIN within a transaction goes on with it.
  if (session.open !== undefined) return
  await openTransaction(session, true)
  session.transactionId += 1
}

/** @throws SqlError - and the transaction is over - when not everything in it can be committed. */
export async function commitTransaction(session: SessionState): Promise<void> {
  const { open } = session
  if (open === undefined) return
  try {
    if (open.lost !== undefined) throw open.lost
    if (open.isBroken) await restart(session, open)
    await runDuckdb(session.connection, 'COMMIT')
    settleStreams(session)
    noteCommit(session)
  } catch (error) {
    await session.connection.run('ROLLBACK').catch(() => undefined)
    throw error
  } finally {
    end(session)
  }
  for (const work of open.afterCommit) await work()
}

export async function rollbackTransaction(session: SessionState): Promise<void> {
  if (session.open === undefined) return
  // DuckDB may have given it up already.
  await session.connection.run('ROLLBACK').catch(() => undefined)
  end(session)
}

function end(session: SessionState): void {
  session.open = undefined
  session.consumed.clear()
  session.engine.locks.releaseAll(session)
}

/**
 * Makes the open transaction fit for its next statement: whole again after one that failed, and, as long as it has
 * changed nothing, with all that others have committed.
 */
export async function readyTransaction(session: SessionState): Promise<void> {
  const { open } = session
  if (open === undefined) return
  if (open.lost !== undefined) throw open.lost
  const isBehind = open.journal.length === 0 && open.snapshot < session.engine.commits.last
  if (open.isBroken || isBehind) await restart(session, open)
}

/** Has the open transaction, if there is one, see the rows that others committed to these tables by now. */
export async function freshen(session: SessionState, tableIds: Iterable<number>): Promise<void> {
  const { open } = session
  if (open === undefined || open.isReplaying) return
  if ([...tableIds].some((id) => isStale(session, open, id))) await restart(session, open)
}

/** After a statement failed that changes nothing itself: DuckDB may have given the transaction up over it. */
export async function noteFailure({ open, connection }: SessionState): Promise<void> {
  if (open === undefined || open.isBroken) return
  await connection.run('SELECT 1').catch(() => {
    open.isBroken = true
  })
}

/** Several statements of DuckDB as one of Snowflake: all or nothing, within the open transaction if there is one. */
export async function atomically<Result>(session: SessionState, work: () => Promise<Result>): Promise<Result> {
  if (session.open !== undefined) return await work()
  await openTransaction(session, false)
  try {
    const result = await work()
    await commitTransaction(session)
    return result
  } catch (error) {
    await rollbackTransaction(session)
    throw error
  }
}

/**
 * DDL commits the open transaction and is one by itself; the catalog is written down with what it changed. One at a
 * time, since all of them change the one catalog. `lock` waits, before its turn, until nobody else holds what it changes.
 */
export async function defining<Result>(
  session: SessionState,
  work: () => Promise<Result>,
  lock: () => Promise<Table | undefined> = async () => await Promise.resolve(undefined),
): Promise<Result> {
  await commitTransaction(session)
  const locked = await lock()
  return await inTurn(session.engine, async () => {
    const { catalog } = session.engine
    const idBefore = catalog.lastId
    const result = await atomically(session, async () => {
      const done = await work()
      await session.engine.save(session.connection)
      return done
    })
    noteDefinition(session.engine.commits, [
      ...(locked === undefined ? [] : [locked.id]),
      ...Array.from({ length: catalog.lastId - idBefore }, (_, index) => idBefore + 1 + index),
    ])
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
