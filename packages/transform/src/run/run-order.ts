import type { NodeCommand } from '../command/command-options.ts'
import type { LoadedProject } from '../load-project.ts'
import type { UnitTest } from '../manifest/manifest.ts'
import { isEphemeral } from '../manifest/node.ts'
import type { Publications } from './publications.ts'
import { isIdle, isUnitTest } from './run-entry.ts'
import type { RunEntry } from './run-entry.ts'
import { TestGates } from './test-gates.ts'

export interface RunOrderOptions {
  readonly project: LoadedProject
  /** What is run, by unique id. */
  readonly entries: ReadonlyMap<string, RunEntry>
  readonly publications: Publications
  readonly command: NodeCommand
}

/** What has to end before a node begins. */
export class RunOrder {
  readonly #project: LoadedProject
  readonly #entries: ReadonlyMap<string, RunEntry>
  readonly #publications: Publications
  readonly #command: NodeCommand
  readonly #testGates: TestGates
  /** Ids of unit tests by that of the model they test. */
  readonly #unitTests = new Map<string, string[]>()

  constructor({ project, entries, publications, command }: RunOrderOptions) {
    this.#project = project
    this.#entries = entries
    this.#publications = publications
    this.#command = command
    for (const entry of entries.values()) if (isUnitTest(entry)) this.#addUnitTest(entry)
    const isTest = (entry: RunEntry | undefined) => entry?.resource_type === 'test'
    this.#testGates = new TestGates({
      graph: project.graph,
      tests: [...entries.values()].filter(isTest).map(({ unique_id: id }) => id),
      isBuilt: (id) => entries.has(id) && !isTest(entries.get(id)),
    })
  }

  /**
   * Its parents, those that are not run replaced by theirs; and, in a build, the tests of what it is built upon. Tests
   * wait for nothing but what they look at.
   */
  waitsFor(id: string): string[] {
    const published = this.#publications.publishedBy(id)
    if (published !== undefined) return [published.node.unique_id, ...published.tests]
    const entry = this.#entries.get(id)
    if (entry !== undefined && isUnitTest(entry)) return this.#unitTestWaitsFor(entry)
    if (entry !== undefined && isIdle(entry))
      return entry.depends_on.nodes.flatMap((parent) => this.#standsFor(parent, id))
    const parents = [...this.#runParents(id), ...(this.#unitTests.get(id) ?? [])]
    if (this.#command !== 'build' || entry?.resource_type === 'test') return parents
    return [...parents, ...this.#testGates.before(id)]
  }

  /** What the tested model reads, whose columns tell types; in a build also the model's unit tests before it. */
  #unitTestWaitsFor({ unique_id: id, depends_on: { nodes } }: UnitTest): string[] {
    const tested = nodes[0] ?? ''
    const siblings = this.#command === 'build' ? (this.#unitTests.get(tested) ?? []) : []
    return [...this.#runParents(tested), ...siblings.slice(0, siblings.indexOf(id))]
  }

  #runParents(id: string): string[] {
    return this.#project.graph.parents(id).flatMap((parent) => this.#standsFor(parent, id))
  }

  /** Ephemeral nodes, metrics and semantic models are not run; what they read is waited for in their place. */
  #standsFor(id: string, reader: string): string[] {
    const { metrics, semantic_models: models } = this.#project.manifest
    const between = metrics[id] ?? models[id]
    if (between !== undefined)
      return between.depends_on?.nodes.flatMap((parent) => this.#standsFor(parent, reader)) ?? []
    const node = this.#project.nodes.get(id)
    return node !== undefined && isEphemeral(node) ? this.#runParents(id) : [this.#publications.gateOf(id, reader)]
  }

  #addUnitTest({ unique_id: id, depends_on: { nodes } }: UnitTest): void {
    const tested = nodes[0] ?? ''
    this.#unitTests.set(tested, [...(this.#unitTests.get(tested) ?? []), id])
  }
}
