import { libraryPackages } from '../context/library-macros.ts'
import { isRecord, listOf } from '../manifest/node-config.ts'
import type { NodeConfig } from '../manifest/node-config.ts'
import type { UnrunEntry } from '../manifest/manifest.ts'
import type { MetricProperties, SavedQueryProperties, SemanticModelProperties } from '../project/semantic-properties.ts'
import type { DocumentationSet } from './documentation.ts'
import { docsFolders } from './documentation.ts'
import { belowRoot, fqnOf } from './file-path.ts'
import { readRelationText } from './literal-value.ts'
import { metricTypeParams, whereFilters } from './metric-params.ts'
import { resolveNodeNames } from './node-names.ts'
import { referenceArguments } from './parse-template.ts'
import type { ParseSession } from './parse-session.ts'
import type { ParsedProperties } from './read-properties.ts'

/** Metrics, semantic models and saved queries: what is parsed for others to read, and never run. */
export interface SemanticEntries {
  readonly metrics: UnrunEntry[]
  readonly semanticModels: UnrunEntry[]
  readonly savedQueries: UnrunEntry[]
}

/** Reads them from all properties files, as dbt's manifest has them, without what they depend on. */
export function loadSemantics(
  session: ParseSession,
  properties: readonly ParsedProperties[],
  docs: DocumentationSet,
): SemanticEntries {
  const loader = new SemanticLoader(session, docs)
  for (const one of properties) loader.load(one)
  return loader
}

type Kind = 'metric' | 'semantic_model' | 'saved_query'

class SemanticLoader implements SemanticEntries {
  readonly metrics: UnrunEntry[] = []
  readonly semanticModels: UnrunEntry[] = []
  readonly savedQueries: UnrunEntry[] = []
  readonly #session: ParseSession
  readonly #docs: DocumentationSet

  constructor(session: ParseSession, docs: DocumentationSet) {
    this.#session = session
    this.#docs = docs
  }

  /** dbt reads metrics first, and makes those of measures after them. */
  load(properties: ParsedProperties): void {
    const { content } = properties
    for (const metric of content.metrics) this.#addMetric(properties, metric)
    for (const [index, model] of content.semantic_models.entries()) this.#addSemanticModel(properties, model, index)
    for (const query of content.saved_queries) this.#addSavedQuery(properties, query)
  }

  #addMetric(properties: ParsedProperties, metric: MetricProperties): void {
    const { head, config, unrendered } = this.#begin('metric', properties, metric)
    this.metrics.push({
      ...head,
      description: this.#described(properties, metric.name, metric.description ?? ''),
      label: metric.label,
      type: metric.type,
      type_params: metricTypeParams(metric),
      filter: whereFilters(metric.filter),
      metadata: null,
      time_granularity: metric.time_granularity ?? null,
      meta: Object.keys(config.meta).length > 0 ? config.meta : metric.meta,
      tags: metric.tags,
      config,
      unrendered_config: unrendered,
      sources: [],
      depends_on: { macros: [], nodes: [] },
      refs: [],
      metrics: [],
      created_at: Date.now() / 1000,
      group: config['group'] ?? null,
    })
  }

  #addSemanticModel(properties: ParsedProperties, model: SemanticModelProperties, index: number): void {
    const { head, config } = this.#begin('semantic_model', properties, model)
    const described = (text: string | null | undefined) =>
      typeof text === 'string' ? this.#described(properties, model.name, text) : null
    const element = (
      one: SemanticModelProperties['entities'][number] | SemanticModelProperties['measures'][number],
    ) => ({
      description: described(one.description),
      label: one.label ?? null,
      expr: one.expr === undefined || one.expr === null ? null : String(one.expr),
      config: { meta: { ...config.meta, ...(isRecord(one.config['meta']) ? one.config['meta'] : {}) } },
    })
    const relation = readRelationText(this.#session.environment, model.model)
    if (relation === undefined || !('ref' in relation)) {
      const place = properties.file.place(['semantic_models', index, 'model'])
      this.#session.faults.push({ ...place, message: `"${model.model}" is no ref(…)` })
    }
    this.semanticModels.push({
      ...head,
      model: model.model,
      node_relation: null,
      description: described(model.description),
      label: model.label ?? null,
      defaults:
        model.defaults === undefined || model.defaults === null
          ? null
          : { agg_time_dimension: model.defaults.agg_time_dimension ?? null },
      entities: model.entities.map((one) => {
        const { description, label, expr, config: own } = element(one)
        return { name: one.name, type: one.type, description, label, role: one.role ?? null, expr, config: own }
      }),
      measures: model.measures.map((one) => {
        const { description, label, expr, config: own } = element(one)
        return {
          name: one.name,
          agg: one.agg,
          description,
          label,
          // dbt makes a metric of such a measure, and forgets that it was asked to.
          create_metric: false,
          expr,
          agg_params: aggregationParams(one.agg_params),
          non_additive_dimension: nonAdditive(one.non_additive_dimension),
          agg_time_dimension: one.agg_time_dimension ?? null,
          config: own,
        }
      }),
      dimensions: model.dimensions.map((one) => {
        const { description, label, expr, config: own } = element(one)
        return {
          name: one.name,
          type: one.type,
          description,
          label,
          is_partition: one.is_partition,
          type_params: dimensionParams(one.type_params),
          expr,
          metadata: null,
          config: own,
        }
      }),
      metadata: null,
      depends_on: { macros: [], nodes: [] },
      refs: relation !== undefined && 'ref' in relation ? [referenceArguments(relation.ref)] : [],
      created_at: Date.now() / 1000,
      config,
      // dbt looks for what dbt_project.yml says of semantic models under a name that it does not have there.
      unrendered_config: model.config,
      primary_entity: model.primary_entity ?? null,
      group: config['group'] ?? null,
    })
    for (const measure of model.measures) {
      if (measure.create_metric) this.#addMetric(properties, metricOfMeasure(measure, config.enabled))
    }
  }

  #addSavedQuery(properties: ParsedProperties, query: SavedQueryProperties): void {
    const { head, config } = this.#begin('saved_query', properties, query)
    const { query_params: params } = query
    this.savedQueries.push({
      ...head,
      query_params: {
        metrics: params.metrics,
        group_by: params.group_by,
        where: whereFilters(params.where),
        order_by: params.order_by,
        limit: params.limit ?? null,
      },
      exports: query.exports.map((one) => this.#exportOf(one, config, head.package_name)),
      description:
        typeof query.description === 'string' ? this.#described(properties, query.name, query.description) : null,
      label: query.label ?? null,
      metadata: null,
      config,
      unrendered_config: query.config,
      group: config['group'] ?? null,
      depends_on: { macros: [], nodes: [] },
      created_at: Date.now() / 1000,
      refs: [],
      tags: [...new Set([...query.tags, ...listOf(config.tags).map(String)])].toSorted(),
    })
  }

  /** Where an export goes: its schema is taken as it is written, else it is that of any node. */
  #exportOf({ name, config: own }: SavedQueryProperties['exports'][number], config: NodeConfig, packageName: string) {
    const combined: Readonly<Record<string, unknown>> = { ...config, ...own }
    const alias = own['alias'] ?? null
    const names = resolveNodeNames(
      this.#session.scopeOf(packageName),
      {
        name,
        package_name: packageName,
        config: { ...config, alias, schema: null, database: own['database'] ?? null } as unknown as NodeConfig,
      },
      new Set(libraryPackages(this.#session.scope.target.type)),
    )
    return {
      name,
      config: {
        export_as: combined['export_as'] ?? null,
        schema_name: combined['schema_name'] ?? combined['schema'] ?? names.schema,
        alias: alias ?? names.identifier,
        database: names.database,
      },
      unrendered_config: own,
    }
  }

  #begin(kind: Kind, { project, source }: ParsedProperties, entry: { readonly name: string; readonly config: object }) {
    const place = {
      package_name: project.name,
      path: belowRoot(source.path, docsFolders(project)),
      original_file_path: source.path,
    }
    const fqn = fqnOf(place.package_name, place.path, entry.name)
    const request = {
      kind,
      packageName: project.name,
      fqn,
      properties: entry.config as Readonly<Record<string, unknown>>,
    }
    const head = {
      name: entry.name,
      resource_type: kind,
      ...place,
      unique_id: `${kind}.${project.name}.${entry.name}`,
      fqn,
    }
    return {
      head,
      config: this.#session.configs.build(request),
      unrendered: this.#session.configs.unrendered(request),
    }
  }

  #described({ project, source }: ParsedProperties, name: string, description: string): string {
    return this.#docs.describe(description, {
      name,
      package_name: project.name,
      original_file_path: source.path,
    })
  }
}

function metricOfMeasure(measure: SemanticModelProperties['measures'][number], isEnabled: unknown): MetricProperties {
  return {
    name: measure.name,
    label: measure.label ?? measure.name,
    type: 'simple',
    type_params: { measure: measure.name, expr: measure.name, metrics: [] },
    description: measure.description ?? `Metric created from measure ${measure.name}`,
    meta: {},
    tags: [],
    config: { enabled: isEnabled !== false },
  }
}

function aggregationParams(params: SemanticModelProperties['measures'][number]['agg_params']) {
  if (params === undefined || params === null) return null
  return {
    percentile: params.percentile ?? null,
    use_discrete_percentile: params.use_discrete_percentile,
    use_approximate_percentile: params.use_approximate_percentile,
  }
}

function nonAdditive(dimension: SemanticModelProperties['measures'][number]['non_additive_dimension']) {
  if (dimension === undefined || dimension === null) return null
  const { name, window_choice: choice, window_groupings: groupings } = dimension
  return { name, window_choice: choice, window_groupings: groupings }
}

function dimensionParams(params: SemanticModelProperties['dimensions'][number]['type_params']) {
  if (params === undefined || params === null) return null
  const { time_granularity: granularity, validity_params: validity } = params
  return {
    time_granularity: granularity,
    validity_params:
      validity === undefined || validity === null ? null : { is_start: validity.is_start, is_end: validity.is_end },
  }
}
