import type { Graph } from '../manifest/graph.ts'

export interface TestGatesOptions {
  readonly graph: Graph
  /** Unique ids of the data tests of the run. */
  readonly tests: readonly string[]
  /** Whether a node is run, and is none of the tests. */
  readonly isBuilt: (id: string) => boolean
}

/**
 * Which tests a node of a `build` waits for: what fails a test is not built upon. By dbt's rule these are the tests that look
 * at nothing but what the node is built upon. A test of two models that are not both above the node cannot hold it up: two
 * of such could wait for each other in a circle.
 */
export class TestGates {
  readonly #tests = new Map<string, string[]>()

  constructor({ graph, tests, isBuilt }: TestGatesOptions) {
    for (const test of tests) {
      for (const node of firstBelow(graph, [...new Set(graph.parents(test))], isBuilt)) {
        const known = this.#tests.get(node)
        if (known === undefined) this.#tests.set(node, [test])
        else known.push(test)
      }
    }
  }

  /** Without those that other nodes wait for already, upon which this one is built. */
  before(id: string): readonly string[] {
    return this.#tests.get(id) ?? []
  }
}

/** The nodes that are below all of some, and below no other such node. */
function firstBelow(graph: Graph, above: readonly string[], isBuilt: (id: string) => boolean): Set<string> {
  const first = new Set<string>()
  const [start, ...others] = above
  if (start === undefined) return first
  const belowOthers = others.map((other) => graph.reachable(other, 'children'))
  const seen = new Set([start])
  const queue = [start]
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const child of graph.children(id)) {
      if (seen.has(child)) continue
      seen.add(child)
      if (isBuilt(child) && belowOthers.every((below) => below.has(child))) first.add(child)
      else queue.push(child)
    }
  }
  return first
}
