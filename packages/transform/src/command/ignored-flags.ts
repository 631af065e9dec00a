import type { Flag } from './flag.ts'

/** Steer dbt's own process: they are taken, and have no effect here. */
const ignoredSwitches = {
  cache_selected_only: false,
  export_saved_queries: false,
  include_saved_query: false,
  log_cache_events: false,
  macro_debugging: false,
  partial_parse_file_diff: true,
  populate_cache: true,
  send_anonymous_usage_stats: false,
  show_all_deprecations: false,
  show_resource_report: false,
  single_threaded: false,
  static_parser: true,
  upload_to_artifacts_ingest_api: false,
  use_experimental_parser: false,
  use_fast_test_edges: false,
  version_check: true,
}

export const ignoredFlags: readonly Flag[] = [
  ...Object.entries(ignoredSwitches).map(([name, value]): Flag => ({
    name,
    options: [`--${name.replaceAll('_', '-')}`],
    kind: 'switch',
    default: value,
  })),
  { name: 'log_file_max_bytes', options: ['--log-file-max-bytes'], kind: 'number', default: 10_485_760 },
  { name: 'partial_parse_file_path', options: ['--partial-parse-file-path'], kind: 'text' },
  { name: 'record_timing_info', options: ['-r', '--record-timing-info'], kind: 'text', hasVariable: false },
]
