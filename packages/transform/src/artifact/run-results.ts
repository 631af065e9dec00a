import type { RunResult } from '../manifest/run-result.ts'
import { artifactMetadata } from './artifact-metadata.ts'
import type { ArtifactRun } from './artifact-metadata.ts'
import { writeArtifact } from './write-artifact.ts'

export interface RunResultsOptions extends ArtifactRun {
  /** Absolute. */
  readonly targetFolder: string
  readonly results: readonly RunResult[]
  readonly elapsedSeconds: number
  /** The flags of the command, as `runArguments` gives them. */
  readonly args: Readonly<Record<string, unknown>>
}

/** Writes run_results.json, schema v6. Returns its path. */
export async function writeRunResults(options: RunResultsOptions): Promise<string> {
  return await writeArtifact(options.targetFolder, 'run_results.json', {
    metadata: artifactMetadata('run-results/v6', options),
    results: options.results,
    elapsed_time: options.elapsedSeconds,
    args: options.args,
  })
}

/** Flags that are left out while they are off. */
const shownWhenOn = new Set([
  'debug',
  'full_refresh',
  'fail_fast',
  'warn_error',
  'single_threaded',
  'log_cache_events',
  'store_failures',
  'use_experimental_parser',
])

/** dbt's switches for its own changes of behaviour, as version 1.10 has them set. Each can be set in `flags:`. */
const behaviorFlags = {
  require_all_warnings_handled_by_warn_error: false,
  require_batched_execution_for_custom_microbatch_strategy: false,
  require_explicit_package_overrides_for_builtin_materializations: true,
  require_generic_test_arguments_property: true,
  require_nested_cumulative_type_params: false,
  require_resource_names_without_spaces: true,
  require_yaml_configuration_for_mf_time_spines: false,
  skip_nodes_if_on_run_start_fails: false,
  source_freshness_run_project_hooks: true,
  state_modified_compare_more_unrendered_values: false,
  state_modified_compare_vars: false,
  strict_mode: false,
  validate_macro_args: false,
} as const

/** `args` of run_results.json: every flag of the invocation, of which `retry` and other tools read. */
export function runArguments(
  flags: Readonly<Record<string, unknown>>,
  facts: { readonly which: string; readonly invocationCommand: string },
): Readonly<Record<string, unknown>> {
  const shown = Object.entries(flags).filter(
    ([name, value]) => value !== undefined && value !== null && !(shownWhenOn.has(name) && value === false),
  )
  return {
    ...behaviorFlags,
    introspect: true,
    ...Object.fromEntries(shown),
    which: facts.which,
    invocation_command: facts.invocationCommand,
  }
}
