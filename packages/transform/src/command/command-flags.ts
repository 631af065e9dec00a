import type { CommandName } from './command-name.ts'
import { executionFlags } from './execution-flags.ts'
import type { Flag } from './flag.ts'
import { ignoredFlags } from './ignored-flags.ts'
import { outputFlags } from './output-flags.ts'
import { ownFlags } from './own-flags.ts'
import { projectFlags } from './project-flags.ts'
import { selectionFlags } from './selection-flags.ts'

/**
 * dbt's flags as data: what the command line, the environment (`DBT_…`), `flags:` of dbt_project.yml and the artifact
 * run_results.json all read from. A name is the one that dbt uses in run_results.json.
 */
export const flags: readonly Flag[] = [
  ...selectionFlags,
  ...executionFlags,
  ...ownFlags,
  ...projectFlags,
  ...outputFlags,
  ...ignoredFlags,
]

/** The flags that a command takes. */
export function flagsOf(command: CommandName): readonly Flag[] {
  return flags.filter((flag) => flag.commands?.includes(command) ?? true)
}
