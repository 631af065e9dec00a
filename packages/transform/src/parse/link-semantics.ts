import { closestName } from '@eclusa/sdk'
import type { Exposure, UnrunEntry } from '../manifest/manifest.ts'
import type { ReferenceArguments } from '../manifest/node.ts'
import type { SemanticEntries } from './load-semantics.ts'
import type { ParseSession } from './parse-session.ts'
import { literally, placeInFile } from './place-in-file.ts'
import type { DraftNode } from './parsed-node.ts'

interface Named {
  readonly name: string
}

interface TypeParams {
  readonly measure: Named | null
  readonly numerator: Named | null
  readonly denominator: Named | null
  readonly metrics: readonly Named[]
  readonly conversion_type_params: { readonly base_measure: Named; readonly conversion_measure: Named } | null
}

export type LinkedNode = Pick<DraftNode, 'unique_id' | 'alias' | 'schema' | 'database' | 'relation_name'>

/** Finds an entry by what it refers to; its message says what is not there. */
export interface FindNode {
  (reference: ReferenceArguments, packageName: string): LinkedNode | { readonly missing: string }
}

/** What metrics, semantic models, saved queries and exposures refer to. */
export class SemanticLinker {
  readonly #session: ParseSession
  readonly #entries: SemanticEntries
  readonly #findNode: FindNode
  readonly #metrics: ReadonlyMap<string, readonly UnrunEntry[]>
  readonly #modelsOfMeasures: ReadonlyMap<string, readonly UnrunEntry[]>
  readonly #linked = new Map<string, UnrunEntry>()
  /** Metrics on the way to the one that is being linked. */
  readonly #path: string[] = []

  /** @param entries the enabled ones */
  constructor(session: ParseSession, entries: SemanticEntries, findNode: FindNode) {
    this.#session = session
    this.#entries = entries
    this.#findNode = findNode
    this.#metrics = grouped(entries.metrics.map((metric) => [metric.name, metric]))
    this.#modelsOfMeasures = grouped(
      entries.semanticModels.flatMap((model) =>
        (model['measures'] as readonly Named[]).map(({ name }) => [name, model] as const),
      ),
    )
  }

  link(): SemanticEntries {
    const { metrics, semanticModels, savedQueries } = this.#entries
    return {
      semanticModels: semanticModels.map((model) => this.#linkModel(model)),
      metrics: metrics.map((metric) => this.#linkMetric(metric)),
      savedQueries: savedQueries.map((query) => {
        const names = (query['query_params'] as { readonly metrics: readonly string[] }).metrics
        return dependingOn(query, this.#metricIds(query, names))
      }),
    }
  }

  linkExposure(exposure: Exposure): Exposure {
    const { macros, nodes } = exposure.depends_on
    const ids = exposure.metrics.flatMap((args) => this.#metricIds(exposure, [args.at(-1)!], args.at(-2)))
    return { ...exposure, depends_on: { macros, nodes: [...new Set([...nodes, ...ids])] } }
  }

  #linkModel(model: UnrunEntry): UnrunEntry {
    const [reference] = model['refs'] as readonly ReferenceArguments[]
    if (reference === undefined) return model
    const found = this.#findNode(reference, model.package_name)
    if ('missing' in found) {
      this.#refuse(model, found.missing, reference.name)
      return model
    }
    const { alias, schema, database, relation_name: relation } = found
    return {
      ...dependingOn(model, [found.unique_id]),
      node_relation: { alias, schema_name: schema, database, relation_name: relation },
    }
  }

  /** A metric of metrics takes their measures over, each once. */
  #linkMetric(metric: UnrunEntry): UnrunEntry {
    const known = this.#linked.get(metric.unique_id)
    if (known !== undefined) return known
    if (this.#path.includes(metric.name)) {
      this.#refuse(metric, `metrics are made of each other in a circle: ${[...this.#path, metric.name].join(' -> ')}`)
      return metric
    }
    this.#path.push(metric.name)
    const params = metric['type_params'] as TypeParams
    const [measures, metrics] = inputsOf(String(metric['type']), params)
    const parents = this.#metricsOf(metric, metrics).map((parent) => this.#linkMetric(parent))
    const taken = [...measures, ...parents.flatMap((parent) => (parent['type_params'] as InputMeasures).input_measures)]
    const ids = measures.length > 0 ? this.#modelIds(metric, measures) : parents.map(({ unique_id: id }) => id)
    const linked = { ...dependingOn(metric, ids), type_params: { ...params, input_measures: withoutTwins(taken) } }
    this.#path.pop()
    this.#linked.set(metric.unique_id, linked)
    return linked
  }

  #modelIds(metric: UnrunEntry, measures: readonly Named[]): string[] {
    return measures.flatMap(({ name }) => {
      const found = this.#nearest(this.#modelsOfMeasures.get(name), metric.package_name)
      if (found !== undefined) return [found.unique_id]
      this.#refuse(metric, `no semantic model has a measure "${name}"${closest(name, this.#modelsOfMeasures)}`, name)
      return []
    })
  }

  #metricIds(from: UnrunEntry | Exposure, names: readonly string[], packageName?: string): string[] {
    return this.#metricsOf(from, names, packageName).map(({ unique_id: id }) => id)
  }

  #metricsOf(from: UnrunEntry | Exposure, names: readonly string[], packageName?: string): UnrunEntry[] {
    return names.flatMap((name) => {
      const all = this.#metrics.get(name)
      const found =
        packageName === undefined
          ? this.#nearest(all, from.package_name)
          : all?.find((metric) => metric.package_name === packageName)
      if (found !== undefined) return [found]
      this.#refuse(from, `there is no enabled metric "${name}"${closest(name, this.#metrics)}`, name)
      return []
    })
  }

  #nearest(entries: readonly UnrunEntry[] | undefined, packageName: string): UnrunEntry | undefined {
    const of = (name: string) => entries?.find((entry) => entry.package_name === name)
    return of(packageName) ?? of(this.#session.root.name) ?? entries?.[0]
  }

  #refuse(entry: UnrunEntry | Exposure, message: string, text = entry.name): void {
    const project = this.#session.projects.get(entry.package_name)
    const file = entry.original_file_path
    const place = project === undefined ? {} : placeInFile(project.directory, file, new RegExp(literally(text), 'u'))
    this.#session.faults.push({
      file: project === undefined ? file : this.#session.label(project, file),
      ...place,
      message: `${entry.resource_type.replace('_', ' ')} "${entry.name}": ${message}`,
    })
  }
}

interface InputMeasures {
  readonly input_measures: readonly Named[]
}

function inputsOf(type: string, params: TypeParams): [measures: readonly Named[], metrics: readonly string[]] {
  const { measure, numerator, denominator, metrics, conversion_type_params: conversion } = params
  const present = (list: readonly (Named | null | undefined)[]) =>
    list.filter((one) => one !== null && one !== undefined)
  switch (type) {
    case 'ratio':
      return [[], present([numerator, denominator]).map(({ name }) => name)]
    case 'derived':
      return [[], metrics.map(({ name }) => name)]
    case 'conversion':
      return [present([conversion?.base_measure, conversion?.conversion_measure]), []]
    default:
      return [present([measure]), []]
  }
}

function withoutTwins(measures: readonly Named[]): Named[] {
  return [...new Map(measures.map((measure) => [JSON.stringify(measure), measure])).values()]
}

function dependingOn(entry: UnrunEntry, ids: readonly string[]): UnrunEntry {
  return { ...entry, depends_on: { macros: [], nodes: [...new Set(ids)] } }
}

function grouped<Value>(pairs: readonly (readonly [key: string, value: Value])[]): Map<string, Value[]> {
  const groups = new Map<string, Value[]>()
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value])
  return groups
}

function closest(name: string, known: ReadonlyMap<string, unknown>): string {
  const found = closestName(name, [...known.keys()])
  return found === undefined ? '' : `; the closest is "${found}"`
}
