import { EclusaError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'
import type { Profile } from '../project/profile.ts'

/** What `--no-introspect` leaves of the warehouse: nothing is opened, and who asks it is refused. */
export function silentWarehouse({ type, target }: Profile): Warehouse {
  const refuse = () =>
    Promise.reject(
      new EclusaError('COMMAND_INVALID', {
        message: 'connection never acquired for thread: a template asks the warehouse, and --no-introspect forbids it.',
        remedy: 'Leave out --no-introspect (or DBT_INTROSPECT=0), or select models whose templates ask nothing.',
      }),
    )
  const nothing = () => Promise.resolve()
  return {
    type,
    database: target.database,
    connect: () => Promise.resolve({ query: refuse, [Symbol.asyncDispose]: nothing }),
    [Symbol.asyncDispose]: nothing,
  }
}
