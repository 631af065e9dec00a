import { isRecord } from '../manifest/node-config.ts'
import type { GraphEntry, Manifest } from '../manifest/manifest.ts'
import type { ProjectFile } from '../project/project-file.ts'

/** The parts of dbt_project.yml that configure, and the kind of entries that each is about. */
const sections = [
  ['models', 'model', 'models'],
  ['seeds', 'seed', 'seeds'],
  ['snapshots', 'snapshot', 'snapshots'],
  ['sources', 'source', 'sources'],
  ['data_tests', 'test', 'data_tests'],
  ['tests', 'test', 'data_tests'],
  ['unit_tests', 'unit_test', 'unit_tests'],
  ['metrics', 'metric', 'metrics'],
  ['semantic-models', 'semantic_model', 'semantic_models'],
  ['saved-queries', 'saved_query', 'saved_queries'],
  ['exposures', 'exposure', 'exposures'],
] as const

/** Paths of dbt_project.yml below which nothing is: `models.shop.stagging`. A disabled entry counts as there. */
export function unusedConfigPaths(file: ProjectFile, manifest: Manifest): string[] {
  const unused = new Set<string>()
  for (const [section, kind, shown] of sections) {
    const paths = configPaths(file[section])
    if (paths.length === 0) continue
    const used = usedPrefixes(kind, manifest)
    for (const path of paths) if (!used.has(path.join('\n'))) unused.add([shown, ...path].join('.'))
  }
  return [...unused].toSorted()
}

export function unusedConfigText(paths: readonly string[]): string {
  return [
    'Configuration paths exist in your dbt_project.yml file which do not apply to any resources.',
    `There are ${paths.length} unused configuration paths:`,
    ...paths.map((path) => `- ${path}`),
    'Correct their spelling, or remove them.',
  ].join('\n')
}

/** Where settings stand: at whatever has a value that is no further mapping, or one that is marked as a setting. */
function configPaths(tree: unknown, path: readonly string[] = []): string[][] {
  if (!isRecord(tree)) return []
  const entries = Object.entries(tree)
  const isBelow = ([key, value]: readonly [string, unknown]) => isRecord(value) && !key.startsWith('+')
  const own = entries.some((entry) => !isBelow(entry)) ? [[...path]] : []
  return [...own, ...entries.filter(isBelow).flatMap(([key, value]) => configPaths(value, [...path, key]))]
}

/** Every beginning of the name of every entry, as one text each. */
function usedPrefixes(kind: string, manifest: Manifest): ReadonlySet<string> {
  const { nodes, sources, exposures, metrics, unit_tests, semantic_models, saved_queries } = manifest
  const groups = [nodes, sources, exposures, metrics, unit_tests, semantic_models, saved_queries]
  const prefixes = new Set<string>()
  const add = ({ fqn }: Pick<GraphEntry, 'fqn'>) => {
    for (let length = 0; length <= fqn.length; length += 1) prefixes.add(fqn.slice(0, length).join('\n'))
  }
  for (const group of groups)
    for (const entry of Object.values<GraphEntry>(group)) if (entry.resource_type === kind) add(entry)
  for (const entries of Object.values(manifest.disabled)) for (const entry of entries) add(entry)
  return prefixes
}
