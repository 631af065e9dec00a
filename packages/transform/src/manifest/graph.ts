import { EclusaError } from '@eclusa/sdk'
import { parentsOf } from './node.ts'
import type { ProjectNode } from './node.ts'

/** Who needs whom. Every key and every edge is a unique id. */
export class Graph {
  readonly #parents = new Map<string, readonly string[]>()
  readonly #children = new Map<string, string[]>()

  /** @throws MODEL_CYCLE naming the way around. */
  constructor(nodes: ReadonlyMap<string, ProjectNode>) {
    for (const node of nodes.values()) {
      const { unique_id: id } = node
      this.#parents.set(id, parentsOf(node))
      for (const parent of parentsOf(node)) this.#addChild(parent, id)
    }
    const cycle = this.#findCycle()
    if (cycle !== undefined) {
      const names = cycle.map((id) => nodes.get(id)?.name ?? id)
      const files = [...new Set(cycle.map((id) => nodes.get(id)?.original_file_path))]
      throw new EclusaError('MODEL_CYCLE', {
        message: `Found a cycle: the models depend on each other in a circle: ${names.join(' -> ')} (${files.join(', ')}).`,
        details: { cycle: names, files },
      })
    }
  }

  parents(id: string): readonly string[] {
    return this.#parents.get(id) ?? []
  }

  children(id: string): readonly string[] {
    return this.#children.get(id) ?? []
  }

  /** Everything that can be reached in one direction within `depth` steps, the start not included. */
  reachable(id: string, direction: 'parents' | 'children', depth = Infinity): Set<string> {
    const found = new Set<string>()
    let frontier = [id]
    for (let step = 0; step < depth && frontier.length > 0; step += 1) {
      frontier = frontier.flatMap((from) => this[direction](from)).filter((to) => !found.has(to) && to !== id)
      for (const to of frontier) found.add(to)
    }
    return found
  }

  #addChild(parent: string, id: string): void {
    const children = this.#children.get(parent)
    if (children === undefined) this.#children.set(parent, [id])
    else children.push(id)
  }

  /** Depth-first with an explicit stack: real projects are deeper than JavaScript's. */
  #findCycle(): string[] | undefined {
    const finished = new Set<string>()
    for (const root of this.#parents.keys()) {
      const path: string[] = []
      const onPath = new Set<string>()
      const stack: { readonly id: string; readonly next: Iterator<string> }[] = []
      const enter = (id: string) => {
        path.push(id)
        onPath.add(id)
        stack.push({ id, next: this.children(id)[Symbol.iterator]() })
      }
      if (!finished.has(root)) enter(root)
      while (stack.length > 0) {
        const { id, next } = stack.at(-1)!
        const { value: child, done } = next.next()
        if (done === true) {
          finished.add(id)
          onPath.delete(id)
          path.pop()
          stack.pop()
        } else if (onPath.has(child)) {
          return [...path.slice(path.indexOf(child)), child]
        } else if (!finished.has(child)) {
          enter(child)
        }
      }
    }
    return undefined
  }
}
