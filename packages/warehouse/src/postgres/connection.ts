import { EclusaError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'

export interface OpenPostgresOptions {
  readonly host: string
  /** Default: 5432. */
  readonly port?: number
  readonly database: string
  readonly user: string
  readonly password?: string
  /** As in `pg`: false, or the options of a TLS connection. Default: false. */
  readonly ssl?: boolean | Readonly<Record<string, unknown>>
  /** Shown in pg_stat_activity. Default: `eclusa`. */
  readonly applicationName?: string
  /** Cancels what runs and closes every session. */
  readonly signal?: AbortSignal
}

/** Opens a PostgreSQL database as a warehouse: each `connect` is one session at the server. */
export function openPostgres(_options: OpenPostgresOptions): Promise<Warehouse> {
  throw new EclusaError('INTERNAL', { message: 'openPostgres is being written.' })
}
