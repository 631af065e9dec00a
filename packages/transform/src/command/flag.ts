import type { CommandName } from './command-name.ts'

export type FlagValue = boolean | number | string | readonly string[] | Readonly<Record<string, unknown>>

/** A flag of dbt as data. Its name is the one that dbt uses in run_results.json. */
export interface Flag {
  /** `full_refresh`; its environment variable is DBT_FULL_REFRESH. */
  readonly name: string
  readonly options: readonly string[]
  /** `switch` takes no value and has a `--no-…`; `list` takes words up to the next option; `yaml` is a mapping. */
  readonly kind: 'switch' | 'text' | 'number' | 'list' | 'yaml'
  readonly choices?: readonly string[]
  readonly default?: FlagValue
  /** Which commands take it. Default: all of them, and it may stand before the command. */
  readonly commands?: readonly CommandName[]
  /** Whether DBT_<NAME> sets it. Default true. */
  readonly hasVariable?: boolean
  /** A variable of the same meaning that dbt had before, and that goes before all else. */
  readonly formerVariable?: { readonly name: string; readonly isInverted?: boolean }
  /** What it does, in one line of `--help`. Without it the flag is taken for dbt's sake and has no effect here. */
  readonly about?: string
}
