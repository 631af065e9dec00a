import { dbtVersion } from '../artifact/dbt-version.ts'
import type { PackageProject } from './package-project.ts'
import type { ProjectFault } from './project-fault.ts'
import { compareVersions, isWithin, parseRange, parseVersion } from './version-range.ts'
import type { VersionBound } from './version-range.ts'

/** What is wrong with `require-dbt-version`: it is compared with the version of dbt that this works as. */
export function versionFault(
  project: Pick<PackageProject, 'name' | 'file' | 'label' | 'isRoot'>,
): ProjectFault | undefined {
  const required = project.file['require-dbt-version']
  if (required === undefined) return undefined
  const file = project.isRoot ? 'dbt_project.yml' : `${project.label}/dbt_project.yml`
  const shown = `require-dbt-version of ${project.name} is ${[required].flat().join(', ')}`
  const bounds = parseRange(required)
  if (bounds === undefined) return { file, message: `${shown}: write versions such as '>=1.9.0', or '>=1.9.0,<2.0.0'` }
  if (isImpossible(bounds)) return { file, message: `${shown}, which no version of dbt can be: correct its bounds` }
  const own = parseVersion(dbtVersion)!
  if (isWithin(own, bounds)) return undefined
  const what = project.isRoot ? 'change it' : 'install another version of the package'
  return { file, message: `${shown}, and this works as dbt ${dbtVersion}: ${what}, or run with --no-version-check` }
}

/** Whether a lower bound lies above an upper one. */
function isImpossible(bounds: readonly VersionBound[]): boolean {
  return bounds.some((low) =>
    bounds.some((high) => {
      if (low.operator.startsWith('<') || high.operator.startsWith('>')) return false
      const order = compareVersions(low.version, high.version)
      return order > 0 || (order === 0 && (low.operator === '>' || high.operator === '<'))
    }),
  )
}
