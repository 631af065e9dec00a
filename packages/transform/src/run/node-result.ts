import type { EclusaError } from '@eclusa/sdk'

/**
 * dbt's statuses: a model succeeds or fails (`error`), a test passes, warns or fails; what depends on a failure is
 * skipped. `unchanged`: left out, with `onlyStale`.
 */
export type NodeStatus = 'success' | 'error' | 'skipped' | 'pass' | 'warn' | 'fail' | 'unchanged'

export interface NodeResult {
  readonly uniqueId: string
  readonly name: string
  readonly resourceType: 'model' | 'test' | 'seed' | 'snapshot' | 'unit_test' | 'exposure'
  readonly status: NodeStatus
  readonly durationMs: number
  /** Rows that a model wrote, where the warehouse says. */
  readonly rows?: number
  /** What a test counted: rows that must not be there, unless `fail_calc` says otherwise. */
  readonly failures?: number
  readonly message?: string
  readonly error?: EclusaError
}
