import type { IndirectSelection, SelectionOptions } from '../command/command-options.ts'
import type { Graph } from '../manifest/graph.ts'
import type { GraphEntry, Manifest } from '../manifest/manifest.ts'
import { differenceOf, intersectionOf, unionOf } from './id-set.ts'
import { findByMethod } from './selection-methods.ts'
import type { SelectionMaterial } from './selection-methods.ts'
import { parseSelection, selectionInvalid } from './selection-spec.ts'
import type { SelectionCriteria, SelectionGroup, SelectionSpec } from './selection-spec.ts'
import { parseSelectors } from './selector-definition.ts'
import type { RawSelector } from './selector-definition.ts'

export interface SelectEntriesOptions
  extends
    Pick<SelectionOptions, 'select' | 'exclude' | 'selector' | 'indirectSelection'>,
    Omit<SelectionMaterial, 'manifest'> {
  /** Kinds that the command works on. Default: all. */
  readonly resourceTypes?: readonly string[]
  /** Whether files without any text count, as they do for `ls`. Default false. */
  readonly includeEmpty?: boolean
  readonly selectors?: ReadonlyMap<string, RawSelector>
}

/**
 * The unique ids that a selection names, tests that come along included, in dbt's order: sorted.
 *
 * Kinds are looked at last: `+orders` of `dbt test` finds the tests of what `orders` needs, though it runs none of it.
 *
 * @throws SELECTION_INVALID
 */
export function selectEntries(manifest: Manifest, graph: Graph, options: SelectEntriesOptions): ReadonlySet<string> {
  const selection = new Selection(graph, { ...options, manifest })
  const { direct } = selection.evaluate(specOf(options))
  const types = options.resourceTypes === undefined ? undefined : new Set(options.resourceTypes)
  const kept = [...direct].filter((id) => {
    const entry = selection.entries.get(id)!
    if (types !== undefined && !types.has(entry.resource_type)) return false
    return options.includeEmpty === true || !isEmpty(entry)
  })
  return new Set(kept.toSorted(compareText))
}

function specOf({ select, exclude, selector, indirectSelection, selectors }: SelectEntriesOptions): SelectionSpec {
  const usual =
    select.length === 0 && exclude.length === 0
      ? [...(selectors ?? [])].find(([, candidate]) => candidate['default'] === true)?.[0]
      : undefined
  const name = selector ?? usual
  if (name === undefined) return parseSelection({ select, exclude }, indirectSelection)
  const spec = parseSelectors(selectors ?? new Map(), indirectSelection).get(name)
  if (spec === undefined) {
    const known = [...(selectors?.keys() ?? [])]
    const choice = known.length === 0 ? 'there is none in selectors.yml' : `selectors.yml has ${known.join(', ')}`
    throw selectionInvalid(`--selector ${name}`, `could not find selector named ${name}; ${choice}`)
  }
  return spec
}

/** What was found, and the tests that would come along if their other parents did too (among them the former). */
interface Found {
  readonly direct: ReadonlySet<string>
  readonly indirect: ReadonlySet<string>
}

class Selection {
  readonly entries: ReadonlyMap<string, GraphEntry>
  readonly #graph: Graph
  readonly #material: SelectionMaterial

  constructor(graph: Graph, material: SelectionMaterial) {
    this.#graph = graph
    this.#material = material
    this.entries = entriesOf(material.manifest)
  }

  evaluate(spec: SelectionSpec): Found {
    return spec.kind === 'criteria' ? this.#evaluateCriteria(spec) : this.#evaluateGroup(spec)
  }

  #evaluateCriteria(criteria: SelectionCriteria): Found {
    const found = findByMethod(criteria, this.entries, this.#material)
    const selected = unionOf(found, this.#relatives(criteria, found))
    if (criteria.indirectSelection === 'empty') return { direct: selected, indirect: new Set() }
    return this.#withTests(selected, criteria.indirectSelection)
  }

  #evaluateGroup(group: SelectionGroup): Found {
    const parts = group.components.map((component) => this.evaluate(component))
    const chosen = combine(
      group.kind,
      parts.map(({ direct }) => direct),
    )
    const indirect = combine(
      group.kind,
      parts.map((part) => unionOf(part.direct, part.indirect)),
    )
    const direct = this.#withCompletedTests(chosen, indirect, group.indirectSelection)
    if (group.expectsMatch && direct.size === 0) {
      this.#material.warn?.(`The selection criterion '${group.raw}' does not match any enabled nodes`)
    }
    return { direct, indirect }
  }

  #relatives(criteria: SelectionCriteria, found: ReadonlySet<string>): ReadonlySet<string> {
    const { childrensParents, parentsDepth, childrenDepth } = criteria
    const family = childrensParents ? unionOf(found, this.#reach(found, 'children', Infinity)) : new Set<string>()
    return unionOf(
      family,
      this.#reach(family, 'parents', Infinity),
      this.#reach(found, 'parents', parentsDepth),
      this.#reach(found, 'children', childrenDepth),
    )
  }

  /** What can be reached within `depth` steps. What was started from belongs to it only if another start leads there. */
  #reach(from: ReadonlySet<string>, direction: 'parents' | 'children', depth: number): Set<string> {
    const reached = new Set<string>()
    let frontier: Iterable<string> = from
    for (let step = 0; step < depth; step += 1) {
      const next = new Set<string>()
      for (const id of frontier) {
        for (const relative of this.#graph[direction](id)) {
          if (!reached.has(relative) && this.entries.has(relative)) next.add(relative)
        }
      }
      if (next.size === 0) break
      for (const id of next) reached.add(id)
      frontier = next
    }
    return reached
  }

  /**
   * Tests of what was selected. Eager takes every one of them; cautious those all of whose parents are selected;
   * buildable also those whose other parents are sources or needed by what is selected.
   */
  #withTests(selected: ReadonlySet<string>, mode: IndirectSelection): Found {
    const direct = new Set(selected)
    const indirect = new Set<string>()
    const buildable = mode === 'buildable' ? this.#buildableParents(selected) : selected
    for (const id of selected) {
      for (const child of this.#graph.children(id)) {
        const entry = this.entries.get(child)
        if (entry === undefined || !isTest(entry)) continue
        if (mode === 'eager' || this.#parentsAreIn(child, buildable)) direct.add(child)
        else indirect.add(child)
      }
    }
    return { direct, indirect }
  }

  #buildableParents(selected: ReadonlySet<string>): ReadonlySet<string> {
    return unionOf(selected, this.#reach(selected, 'parents', Infinity), Object.keys(this.#material.manifest.sources))
  }

  /** Tests that one part alone did not take, but all parts together do. */
  #withCompletedTests(
    chosen: ReadonlySet<string>,
    candidates: ReadonlySet<string>,
    mode: IndirectSelection,
  ): ReadonlySet<string> {
    if (mode !== 'cautious' && mode !== 'buildable') return chosen
    const present = mode === 'cautious' ? chosen : unionOf(chosen, this.#reach(chosen, 'parents', Infinity))
    const completed = [...candidates].filter(
      (id) => id in this.#material.manifest.nodes && this.#parentsAreIn(id, present),
    )
    return unionOf(chosen, completed)
  }

  #parentsAreIn(id: string, present: ReadonlySet<string>): boolean {
    return this.#graph.parents(id).every((parent) => present.has(parent))
  }
}

function combine(kind: SelectionGroup['kind'], parts: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  if (kind === 'union') return unionOf(...parts)
  return kind === 'intersection' ? intersectionOf(parts) : differenceOf(parts)
}

/** Everything that stands in the graph and is enabled. */
function entriesOf(manifest: Manifest): ReadonlyMap<string, GraphEntry> {
  const { nodes, sources, exposures, metrics, unit_tests, semantic_models, saved_queries } = manifest
  const entries = new Map<string, GraphEntry>()
  for (const group of [nodes, sources, exposures, metrics, unit_tests, semantic_models, saved_queries]) {
    for (const [id, entry] of Object.entries<GraphEntry>(group)) {
      if (isEnabled(entry)) entries.set(id, entry)
    }
  }
  return entries
}

function isEnabled({ config }: GraphEntry): boolean {
  return (config as { readonly enabled?: unknown } | undefined)?.enabled !== false
}

function isTest({ resource_type: type }: GraphEntry): boolean {
  return type === 'test' || type === 'unit_test'
}

/** A seed has no text of its own here, and is never empty. */
function isEmpty(entry: GraphEntry): boolean {
  return entry.resource_type !== 'seed' && 'raw_code' in entry && String(entry.raw_code).trim() === ''
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
