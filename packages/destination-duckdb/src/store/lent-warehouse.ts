import type { Warehouse } from '@eclusa/sdk'
import type { DuckDbWarehouse } from '@eclusa/warehouse'
import type { LoadLimits } from '../chunk/load-limits.ts'

/**
 * Lends the database of a load: other connections to the same instance, which see what is committed and do not wait for
 * the load. DuckDB lets transactions run side by side as long as they do not change the same rows or tables. While
 * anything is lent the load takes no memory or threads away from the database.
 */
export async function lendWarehouse(
  warehouse: DuckDbWarehouse,
  limits: LoadLimits,
  signal: AbortSignal,
): Promise<Warehouse> {
  const lent = warehouse.lend({ signal })
  try {
    const leave = await limits.welcome()
    return {
      type: lent.type,
      database: lent.database,
      connect: async () => await lent.connect(),
      read: (sql, options) => lent.read(sql, options),
      [Symbol.asyncDispose]: async () => {
        leave()
        await lent[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await lent[Symbol.asyncDispose]()
    throw error
  }
}
