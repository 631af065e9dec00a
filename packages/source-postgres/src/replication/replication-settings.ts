import type { PostgresConfig } from '../config.ts'
import { connectionSettings } from '../connection/connection-settings.ts'

/** The configuration of logical replication, defaults filled in. */
export interface ReplicationSettings {
  readonly slot: string
  readonly publication: string
  /** Slot and publication are created and altered where need be; otherwise only checked. */
  readonly isManaged: boolean
  readonly heartbeatIntervalMs: number
  readonly flushIntervalMs: number
  readonly isFailover: boolean
  /** Large transactions are sent before they end. */
  readonly isStreaming: boolean
}

const nameLengthMax = 63

/** Undefined where nothing is replicated. */
export function replicationSettings(config: PostgresConfig): ReplicationSettings | undefined {
  const method = config.replication_method
  if (method.method !== 'CDC') return undefined
  const name = defaultName(connectionSettings(config).database)
  return {
    slot: method.replication_slot ?? name,
    publication: method.publication ?? name,
    isManaged: method.manage,
    heartbeatIntervalMs: method.heartbeat_interval_ms,
    flushIntervalMs: method.flush_interval_ms,
    isFailover: method.failover,
    isStreaming: method.streaming,
  }
}

/** Names of slots have no other characters than these. */
function defaultName(database: string): string {
  return `eclusa_${database.toLowerCase().replaceAll(/[^a-z0-9_]/gu, '_')}`.slice(0, nameLengthMax)
}
