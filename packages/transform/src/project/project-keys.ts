import { closestName } from '@eclusa/sdk'
import { isRecord } from '../manifest/node-config.ts'
import type { ProjectFault } from './project-fault.ts'
import type { YamlFile } from './yaml-file.ts'

/** Spellings of dbt before 1.0, by what they have become. */
export const renamedKeys: Readonly<Record<string, string>> = {
  'source-paths': 'model-paths',
  'data-paths': 'seed-paths',
}

/** All that dbt takes in dbt_project.yml. */
const projectKeys: ReadonlySet<string> = new Set(
  [
    'name version config-version profile project-root require-dbt-version restrict-access',
    'model-paths macro-paths seed-paths test-paths analysis-paths docs-paths asset-paths snapshot-paths function-paths',
    'target-path log-path packages-install-path clean-targets quoting on-run-start on-run-end dispatch query-comment',
    'vars flags packages dbt-cloud models seeds snapshots analyses sources tests data_tests unit_tests metrics',
    'semantic-models saved-queries exposures functions source-paths data-paths',
  ].flatMap((line) => line.split(' ')),
)

/** Keys of dbt_project.yml that do not exist, and those of which dbt takes one or the other. */
export function keyFaults(file: YamlFile): ProjectFault[] {
  const { value } = file
  if (!isRecord(value)) return []
  const unknown = Object.keys(value).filter((key) => !projectKeys.has(key))
  const pairs = [...Object.entries(renamedKeys), ['tests', 'data_tests'] as const]
  const doubled = pairs.filter(([old, present]) => isGiven(value[old]) && isGiven(value[present]))
  return [
    ...unknown.map((key) => ({ ...file.place([key]), message: unknownKey(key) })),
    ...doubled.map(([old, present]) => {
      const message = `both ${old} and ${present} are given, and the first is the older name of the second: keep ${present}`
      return { ...file.place([old]), message }
    }),
  ]
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && !(isRecord(value) && Object.keys(value).length === 0)
}

function unknownKey(key: string): string {
  const closest = closestName(key, [...projectKeys])
  return `there is no setting "${key}"${closest === undefined ? ': remove it' : `; did you mean "${closest}"?`}`
}
