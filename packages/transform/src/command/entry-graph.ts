import type { LoadedProject } from '../load-project.ts'
import { Graph } from '../manifest/graph.ts'
import type { GraphEntry } from '../manifest/manifest.ts'
import type { ProjectNode } from '../manifest/node.ts'

/** The project's graph, with what is selected but never run: exposures, unit tests, metrics. */
export function entryGraph({ manifest, nodes, graph }: LoadedProject): Graph {
  const { exposures, metrics, unit_tests, semantic_models, saved_queries } = manifest
  const others = [exposures, metrics, unit_tests, semantic_models, saved_queries].flatMap((group) =>
    Object.entries<GraphEntry>(group),
  )
  if (others.length === 0) return graph
  // Of an entry the graph reads nothing but its id and what it depends on, which all of them have.
  return new Graph(new Map([...nodes, ...(others as unknown as [string, ProjectNode][])]))
}
