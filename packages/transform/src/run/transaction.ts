import { EclusaError } from '@eclusa/sdk'
import type { WarehouseConnection } from '@eclusa/sdk'

/** Other models commit at the same time; DuckDB refuses the later of two changes to one catalog entry. */
const conflictAttemptsMax = 5

/** Runs `work` in one transaction, and again when another transaction was in the way. */
export async function inTransaction<Result>(
  connection: WarehouseConnection,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(connection, work)
    } catch (error) {
      if (attempt >= conflictAttemptsMax || !EclusaError.isInstance(error) || error.details['kind'] !== 'conflict')
        throw error
    }
  }
}

async function once<Result>(connection: WarehouseConnection, work: () => Promise<Result>): Promise<Result> {
  await connection.query('begin')
  try {
    const result = await work()
    await connection.query('commit')
    return result
  } catch (error) {
    // The first error is the one to tell; a session that is gone cannot roll back and need not.
    await connection.query('rollback').catch(() => undefined)
    throw error
  }
}
