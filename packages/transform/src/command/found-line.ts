import { countOf } from './fancy-line.ts'
import type { Manifest } from '../manifest/manifest.ts'

/** `Found 8 models, 1 snapshot, 5 data tests, 1 seed, 3 operations, 1 exposure, 511 macros, 1 unit test` */
export function foundLine(manifest: Manifest): string {
  const counts = new Map<string, number>()
  for (const { resource_type: type } of Object.values(manifest.nodes)) counts.set(type, (counts.get(type) ?? 0) + 1)
  const { sources, exposures, metrics, macros, groups, semantic_models, saved_queries, unit_tests } = manifest
  const others = { source: sources, exposure: exposures, metric: metrics, macro: macros, group: groups }
  const last = { semantic_model: semantic_models, saved_query: saved_queries, unit_test: unit_tests }
  for (const [type, entries] of Object.entries({ ...others, ...last })) counts.set(type, Object.keys(entries).length)
  const shown = [...counts].filter(([, count]) => count > 0)
  return `Found ${shown.map(([type, count]) => countOf(count, type)).join(', ')}`
}
