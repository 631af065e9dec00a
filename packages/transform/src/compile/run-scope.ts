import type { AdapterSession } from '../adapter/adapter-session.ts'
import { AdapterValue } from '../adapter/adapter-value.ts'
import type { RelationCache } from '../adapter/relation-cache.ts'
import type { ExecutionOptions, NodeCommand } from '../command/command-options.ts'
import type { SampleWindow } from '../command/sample-window.ts'
import { externalLocation } from '../context/external-source.ts'
import { hostFunction } from '../context/host-function.ts'
import { nodeContext } from '../context/node-context.ts'
import { ephemeralValue, relationValue } from '../context/relation-value.ts'
import type { EventTimeFilter, RelationPath, RelationValue } from '../context/relation-value.ts'
import { RecordValue } from '../context/record-value.ts'
import { quotingOf } from '../context/scope.ts'
import type { ProjectScope, Quoting } from '../context/scope.ts'
import { isCallable } from '../jinja/call.ts'
import type { KeywordArguments } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import { OperationError } from '../jinja/template-error.ts'
import type { LoadedProject } from '../load-project.ts'
import { isEphemeral, relationOf } from '../manifest/node.ts'
import type { DeferRelation, ManifestNode, ProjectNode, SourceNode } from '../manifest/node.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import { ArtifactFiles } from './artifact-files.ts'
import { withForeignKeys } from './foreign-keys.ts'
import { graphValue } from './graph-value.ts'
import { operationNode } from './operation-node.ts'
import { StatementResults } from './statement-results.ts'
import { ReferenceIndex } from './reference-index.ts'

/** What `--defer` reads elsewhere. */
export interface Deferral {
  /** Relations of another environment, by unique id: what refs read where the own relation is not there. */
  readonly relations: ReadonlyMap<string, DeferRelation>
  /** Reads them for all that is not selected, even where the own relation is there. */
  readonly favorState: boolean
}

/** A window of a microbatch model. */
export interface Batch {
  readonly id: string
  readonly event_time_start: string
  readonly event_time_end: string
}

export interface RunScopeOptions {
  /** `flags.WHICH` of templates. Default: `run`. */
  readonly command?: NodeCommand
  readonly project: LoadedProject
  readonly execution: ExecutionOptions
  readonly deferral?: Deferral
  readonly selected: ReadonlySet<string>
  readonly signal: AbortSignal
}

/** What is read in the place of a node or a source, by unique id: the fixtures of a unit test. */
export type Substitutes = (id: string) => unknown

/** What a unit test sets: results of macros (`is_incremental`, `dbt_utils.star`), vars, environment variables. */
export interface Overrides {
  readonly macros?: Readonly<Record<string, unknown>>
  readonly vars?: Readonly<Record<string, unknown>>
  readonly env_vars?: Readonly<Record<string, unknown>>
}

export interface NodeContextOptions {
  readonly session: AdapterSession
  readonly extra?: Readonly<Record<string, unknown>>
  readonly batch?: Batch
  readonly substitutes?: Substitutes
  readonly overrides?: Overrides
}

/** What the contexts of one run share: it makes those of its nodes. */
export class RunScope {
  readonly project: LoadedProject
  readonly scope: ProjectScope
  readonly execution: ExecutionOptions
  readonly signal: AbortSignal
  readonly selected: ReadonlySet<string>
  readonly references: ReferenceIndex
  readonly files: ArtifactFiles
  /** Relations that wait for their tests, by unique id: these read them in the place of what is visible. */
  readonly unpublished = new Map<string, RelationValue>()
  readonly #deferral: Deferral
  readonly #flags: Readonly<Record<string, unknown>>
  readonly #scopes = new Map<string, ProjectScope>()
  #graph: unknown
  #deferredSchemas: readonly RelationPath[] | undefined

  constructor({ project, command = 'run', execution, deferral = noDeferral, selected, signal }: RunScopeOptions) {
    this.project = project
    this.execution = execution
    this.signal = signal
    this.selected = selected
    this.references = new ReferenceIndex(project)
    this.files = new ArtifactFiles(project)
    this.#deferral = deferral
    const flags = {
      ...flagsDefault,
      ...upperCased(execution.flags ?? {}),
      FULL_REFRESH: execution.fullRefresh,
      STORE_FAILURES: execution.storeFailures,
      FAIL_FAST: execution.failFast,
      EMPTY: execution.empty,
      WARN_ERROR: execution.warnError,
      WHICH: command.split(' ').at(-1),
    }
    this.#flags = flags
    this.scope = this.scopeOf(project.name)
  }

  /** The scope of a package's nodes, with the vars that it sees. */
  scopeOf(packageName: string): ProjectScope {
    let scope = this.#scopes.get(packageName)
    if (scope === undefined) {
      const own = this.project.scopeOf(packageName)
      scope = { ...own, quoting: this.project.settings.quoting, flags: { ...own.flags, ...this.#flags } }
      this.#scopes.set(packageName, scope)
    }
    return scope
  }

  /** The names that a node sees while it runs. `model` is the node's own copy, which macros may change. */
  contextOf(
    node: ManifestNode,
    model: Readonly<Record<string, unknown>>,
    { session, extra = {}, batch, substitutes, overrides = {} }: NodeContextOptions,
  ): Record<string, unknown> {
    const scope = overriddenScope(this.scopeOf(node.package_name), overrides)
    const context = nodeContext(scope, {
      execute: true,
      packageName: node.package_name,
      model: node.resource_type === 'model' ? this.#withForeignKeys(model, node.package_name) : model,
      config: runConfigOf(node),
      isIncremental: false,
      thisRelation: hasRelation(node) ? this.relationOf(node) : null,
      ref: (args, kwargs) => this.#ref(args, kwargs, { node, batch, substitutes, session }),
      source: (args) => this.#source(args, { node, batch, substitutes, session }),
      metric: (args) => this.#metric(args, node.package_name),
      setConfig: () => {},
      adapter: (bound) => new AdapterValue({ scope, bound, session }),
      graph: () => (this.#graph ??= graphValue(this.project)),
      // Each node gets its own list: a macro may change it.
      selectedResources: () => [...this.selected],
      signal: this.signal,
      extra: {
        ...(hasRelation(node) ? { database: node.database, schema: node.schema } : {}),
        thread_id: session.threadName,
        ...new StatementResults().names(),
        defer_relation: this.deferredTo(node.unique_id) ?? null,
        ...extra,
      },
    })
    return overrideMacros(context, overrides)
  }

  #withForeignKeys(model: Readonly<Record<string, unknown>>, from: string): Readonly<Record<string, unknown>> {
    return withForeignKeys(model, this.project.environment, (named) => {
      const node =
        'ref' in named
          ? this.references.find(named.ref, from)
          : 'source' in named
            ? this.references.findSource(named.source.sourceName, named.source.tableName, from)
            : undefined
      return node === undefined ? undefined : String(this.relationOf(node))
    })
  }

  /** dbt's adapter outside of any node, by which the macros of the root project are called. */
  adapterFor(session: AdapterSession): AdapterValue {
    const node = operationNode(this.project, 'adapter')
    return this.contextOf(node, { ...node }, { session })['adapter'] as AdapterValue
  }

  /** The node that the arguments of a `ref` mean in package `from`. */
  findReference(args: readonly unknown[], kwargs: KeywordArguments, from: string): ManifestNode | undefined {
    const [first, second] = args
    const version = kwargs['v'] ?? kwargs['version']
    const reference = {
      ...(second == null ? {} : { package: textOf(first) }),
      name: textOf(second == null ? first : second),
      ...(version == null ? {} : { version: textOf(version) }),
    }
    return this.references.find(reference, from)
  }

  findSourceReference(args: readonly unknown[], from: string): SourceNode | undefined {
    return this.references.findSource(textOf(args[0]), textOf(args[1]), from)
  }

  relationOf(node: ProjectNode, facts: Parameters<typeof relationValue>[2] = {}): RelationValue {
    const external =
      node.resource_type === 'source' && this.scope.target.type === 'duckdb' ? externalLocation(node) : undefined
    return relationValue(relationOf(node), this.scope.dialect, {
      quotePolicy: this.#quotingOf(node),
      ...(external === undefined ? {} : { external }),
      ...facts,
    })
  }

  deferredTo(id: string): RelationValue | undefined {
    const other = this.#deferral.relations.get(id)
    if (other === undefined) return undefined
    const { database, schema, alias } = other
    const path = { database: database ?? '', schema, identifier: alias }
    const { database: catalog, schema: group, identifier } = quotingOf(this.scope)
    return relationValue(path, this.scope.dialect, { quotePolicy: { database: catalog, schema: group, identifier } })
  }

  /** Templates cannot wait when they ask for a relation: what may be deferred is looked for before they are rendered. */
  async lookForDeferred(session: AdapterSession): Promise<void> {
    this.#deferredSchemas ??= this.#schemasOf(this.#deferral.relations.keys())
    if (this.#deferredSchemas.length === 0) return
    const { listing } = this.adapterFor(session)
    for (const schema of this.#deferredSchemas) await session.cache.list(schema, listing)
  }

  #schemasOf(ids: Iterable<string>): RelationPath[] {
    const paths = [...ids].map((id) => this.project.nodes.get(id)).filter((node) => node !== undefined)
    const bySchema = paths
      .map((node) => this.relationOf(node).path)
      .map((path) => [`${path.database}.${path.schema}`, path])
    return [...new Map(bySchema as [string, RelationPath][]).values()]
  }

  /** Also a selected node is read elsewhere as long as it is not there: it may have been skipped, or only be compiled. */
  #isDeferred(id: string, own: RelationValue, cache: RelationCache): boolean {
    if (!this.#deferral.relations.has(id)) return false
    return (this.#deferral.favorState && !this.selected.has(id)) || cache.peek(own.path) === undefined
  }

  #ref(args: readonly unknown[], kwargs: KeywordArguments, reader: Reader): unknown {
    const found = this.findReference(args, kwargs, reader.node.package_name)
    if (found !== undefined) return this.#read(found, reader)
    const text = args.map((arg) => `'${textOf(arg)}'`).join(', ')
    // Parsing has seen every ref already; one that appears only now depends on data and could not be ordered.
    throw new OperationError('runtime', `ref(${text}) names no model that exists and is enabled`)
  }

  #source(args: readonly unknown[], reader: Reader): unknown {
    const [sourceName, table] = [textOf(args[0]), textOf(args[1])]
    const found = this.findSourceReference(args, reader.node.package_name)
    if (found !== undefined) return this.#read(found, reader)
    throw new OperationError('runtime', `source('${sourceName}', '${table}') is not declared`)
  }

  #metric(args: readonly unknown[], from: string): RecordValue {
    const names = args.map(textOf)
    const [name = '', ofPackage] = names.toReversed()
    const metrics = Object.values(this.project.manifest.metrics).filter((metric) => metric.name === name)
    const packages = ofPackage === undefined ? [from, this.project.name] : [ofPackage]
    const found =
      packages.map((wanted) => metrics.find((metric) => metric.package_name === wanted)).find(Boolean) ??
      (ofPackage === undefined ? metrics[0] : undefined)
    if (found !== undefined) return new RecordValue('ResolvedMetricReference', { ...found }, undefined, name)
    throw new OperationError('runtime', `metric('${names.join("', '")}') names no metric that exists and is enabled`)
  }

  #read(read: ManifestNode | SourceNode, { node, batch, substitutes, session }: Reader): unknown {
    if (substitutes !== undefined) return substitutes(read.unique_id)
    const limit = this.execution.empty ? { limit: 0 } : {}
    const isSampling = node.resource_type === 'model' || node.resource_type === 'snapshot'
    const window = eventTimeOf(read, batch, isSampling ? this.execution.sample : undefined)
    const facts = { ...limit, ...(window === undefined ? {} : { eventTime: window }) }
    if (isEphemeral(read)) return ephemeralValue(relationOf(read).identifier, this.scope.dialect).with(facts)
    const audited = node.resource_type === 'test' ? this.unpublished.get(read.unique_id) : undefined
    if (audited !== undefined) return audited.with(facts)
    return this.readRelationOf(read, session.cache).with(facts)
  }

  /** Where a node or source is read: its own relation, or the one that it is deferred to. */
  readRelationOf(read: ManifestNode | SourceNode, cache: RelationCache): RelationValue {
    const own = this.relationOf(read)
    return (this.#isDeferred(read.unique_id, own, cache) ? this.deferredTo(read.unique_id) : undefined) ?? own
  }

  #quotingOf(node: ProjectNode): Quoting {
    // dbt takes a model's setting `quoting`, and makes no use of it.
    const own = node.resource_type === 'source' ? node.quoting : undefined
    const given = isRecord(own) ? Object.entries(own).filter(([, value]) => typeof value === 'boolean') : []
    const project = quotingOf(this.scope)
    const { database, schema, identifier } = { ...project, ...Object.fromEntries(given) } as Quoting
    return { database, schema, identifier }
  }
}

function upperCased(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).map(([name, value]) => [name.toUpperCase(), value]))
}

/** The flags of dbt's command line that templates may read, as they are where nobody sets them. */
const flagsDefault = {
  CACHE_SELECTED_ONLY: false,
  DEBUG: false,
  DEFER: false,
  INDIRECT_SELECTION: 'eager',
  INTROSPECT: true,
  LOG_CACHE_EVENTS: false,
  LOG_FORMAT: 'default',
  PARTIAL_PARSE: true,
  PRINT: true,
  QUIET: false,
  SEND_ANONYMOUS_USAGE_STATS: false,
  STATIC_PARSER: true,
  USE_COLORS: true,
  VERSION_CHECK: true,
  WRITE_JSON: true,
}

/** The settings as macros read them, with what dbt fills in while running. */
function runConfigOf(node: ManifestNode): PartialConfig {
  const { config } = node
  if (node.resource_type === 'test') return { ...testThresholds, ...config }
  if (node.resource_type !== 'snapshot') return config
  const own = config['snapshot_meta_column_names']
  const named = isRecord(own) ? Object.entries(own).filter(([, name]) => name != null) : []
  return {
    ...config,
    snapshot_table_column_names: { ...snapshotColumnNames, ...Object.fromEntries(named) },
  }
}

const snapshotColumnNames = Object.fromEntries(
  ['dbt_valid_to', 'dbt_valid_from', 'dbt_scd_id', 'dbt_updated_at', 'dbt_is_deleted'].map((name) => [name, name]),
)

/** What a test counts, and when that is a fault, where it says nothing. */
const testThresholds = { fail_calc: 'count(*)', warn_if: '!= 0', error_if: '!= 0' }

function overriddenScope(scope: ProjectScope, { vars, env_vars: environment }: Overrides): ProjectScope {
  if (vars === undefined && environment === undefined) return scope
  const texts = Object.entries(environment ?? {}).map(([name, value]) => [name, textOf(value)])
  return {
    ...scope,
    vars: { ...scope.vars, ...vars },
    environment: { ...scope.environment, ...Object.fromEntries(texts) },
  }
}

/** Puts functions that give the set results in the place of macros, also of those within a package. */
function overrideMacros(context: Record<string, unknown>, { macros = {} }: Overrides): Record<string, unknown> {
  for (const [name, value] of Object.entries(macros)) {
    const [first = '', second] = name.split('.')
    // A macro of dbt has two names, with its package and without.
    if (second === undefined) {
      overrideName(context, first, value)
      if (first in Object(context['dbt'])) overrideInPackage(context, { packageName: 'dbt', name: first }, value)
    } else {
      overrideInPackage(context, { packageName: first, name: second }, value)
      if (first === 'dbt') overrideName(context, second, value)
    }
  }
  return context
}

function overrideInPackage(
  context: Record<string, unknown>,
  { packageName, name }: { readonly packageName: string; readonly name: string },
  value: unknown,
): void {
  const macros = Object.create(null, Object.getOwnPropertyDescriptors(context[packageName] ?? {})) as Record<
    string,
    unknown
  >
  overrideName(macros, name, value)
  Object.defineProperty(context, packageName, { value: macros, writable: true, enumerable: true, configurable: true })
}

/** What is called goes on being called; a plain name, such as `invocation_id`, gets the value itself. */
function overrideName(names: Record<string, unknown>, name: string, result: unknown): void {
  const isCalled = !(name in names) || isCallable(names[name])
  const value = isCalled ? hostFunction(name, () => result) : result
  Object.defineProperty(names, name, { value, writable: true, enumerable: true, configurable: true })
}

const noDeferral: Deferral = { relations: new Map(), favorState: false }

interface Reader {
  readonly session: AdapterSession
  readonly node: ManifestNode
  readonly batch: Batch | undefined
  readonly substitutes: Substitutes | undefined
}

/** The rows of what is read that a batch, a sample, or both want. */
function eventTimeOf(
  read: ManifestNode | SourceNode,
  batch: Batch | undefined,
  sample: SampleWindow | undefined,
): EventTimeFilter | undefined {
  const field = read.config['event_time']
  if (typeof field !== 'string') return undefined
  const windows = [
    ...(batch === undefined ? [] : [{ start: batch.event_time_start, end: batch.event_time_end }]),
    ...(sample === undefined ? [] : [{ start: pythonTime(sample.start), end: pythonTime(sample.end) }]),
  ]
  const [first] = windows
  if (first === undefined) return undefined
  const narrowed = windows.reduce(
    (one, other) => ({
      start: Date.parse(other.start) > Date.parse(one.start) ? other.start : one.start,
      end: Date.parse(other.end) < Date.parse(one.end) ? other.end : one.end,
    }),
    first,
  )
  return { field, ...narrowed }
}

/** As Python prints a time in UTC: `2026-01-31 00:00:00+00:00`, with the fraction of a second where there is one. */
function pythonTime(text: string): string {
  return `${text
    .replace('T', ' ')
    .replace(/\.000Z$/u, 'Z')
    .replace(/(\.\d{3})Z$/u, '$1000Z')
    .replace('Z', '')}+00:00`
}

function hasRelation(node: ManifestNode): boolean {
  return node.resource_type !== 'operation' && node.resource_type !== 'sql_operation'
}
