/** dbt's statuses. `no-op`: nothing to do for the node, as for an exposure in a build. */
export type RunStatus =
  | 'success'
  | 'error'
  | 'skipped'
  | 'partial success'
  | 'no-op'
  | 'pass'
  | 'warn'
  | 'fail'
  | 'runtime error'

export interface Timing {
  readonly name: 'compile' | 'execute'
  /** ISO 8601 in UTC with microseconds: `2026-01-31T12:00:00.000000Z`. */
  readonly started_at: string | null
  readonly completed_at: string | null
}

/** The result of one node exactly as run_results.json (schema v6) writes it; on-run-end sees the same under `results`. */
export interface RunResult {
  readonly status: RunStatus
  readonly timing: readonly Timing[]
  /** `Thread-1 (worker)`. */
  readonly thread_id: string
  /** Seconds. */
  readonly execution_time: number
  readonly adapter_response: Readonly<Record<string, unknown>>
  readonly message: string | null
  readonly failures: number | null
  readonly unique_id: string
  readonly compiled: boolean | null
  readonly compiled_code: string | null
  readonly relation_name: string | null
  readonly batch_results: {
    readonly successful: readonly (readonly [string, string])[]
    readonly failed: readonly (readonly [string, string])[]
  } | null
}
