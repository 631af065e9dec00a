import { EclusaError } from '@eclusa/sdk'

/** A call on something that was disposed of. */
export function closedError(what: 'session' | 'warehouse'): EclusaError {
  return new EclusaError('WAREHOUSE_CONNECTION_LOST', { message: `The ${what} was closed before it was used again.` })
}
