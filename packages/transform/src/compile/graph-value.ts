import type { LoadedProject } from '../load-project.ts'

/** `graph`: what packages look through to find the project's nodes. */
export function graphValue(project: LoadedProject): Record<string, unknown> {
  const { nodes, sources, exposures, metrics, groups, semantic_models, saved_queries } = project.manifest
  return { nodes, sources, exposures, metrics, groups, semantic_models, saved_queries }
}
