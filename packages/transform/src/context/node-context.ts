import { attributeOf, isMapping, itemOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { ParsingAdapter, adapterNames } from './adapter-names.ts'
import { apiValue } from './api-value.ts'
import { VarFunction, baseNames } from './base-names.ts'
import { ConfigValue } from './config-value.ts'
import { hostFunction } from './host-function.ts'
import { offlineNames } from './offline-names.ts'
import { RecordValue } from './record-value.ts'
import { quotingOf } from './scope.ts'
import type { NodeScope, ProjectScope } from './scope.ts'

/** The names that a model, a test or a macro sees. */
export function nodeContext(scope: ProjectScope, node: NodeScope): Record<string, unknown> {
  const from = node.packageName ?? scope.projectName
  const context = scope.macros.contextFor(from, {
    ...(node.signal === undefined ? {} : { signal: node.signal }),
    below: sharedNames(scope, node.execute),
  })
  const names = adapterNames(scope, from, context)
  const builtins = {
    ref: hostFunction('ref', (args, kwargs) => node.ref(args, kwargs), { config: runtimeConfigOf(scope) }),
    source: hostFunction('source', (args) => node.source(args)),
    config: new ConfigValue(node),
  }
  define(context, {
    ...builtins,
    builtins,
    metric: hostFunction('metric', (args) => node.metric?.(args) ?? textOf(args.at(-1) ?? '')),
    this: node.thisRelation,
    model: node.model,
    context: new ContextValue(context),
  })
  // The template of a variable sees what the node sees: it may hold a ref.
  context['var'] = new VarFunction(scope.vars, () => context)
  const adapter = node.adapter?.({ context, packageName: from, names })
  define(context, { adapter: adapter ?? new ParsingAdapter(names) })
  if (node.graph !== undefined) defineLazily(context, 'graph', () => node.graph?.())
  if (node.selectedResources !== undefined) {
    defineLazily(context, 'selected_resources', () => node.selectedResources?.())
  }
  return Object.assign(context, node.extra)
}

/** What is the same for every node: made once, because making some hundred values takes as long as a small model. */
const shared = new WeakMap<ProjectScope, Map<boolean, Readonly<Record<string, unknown>>>>()

function sharedNames(scope: ProjectScope, execute: boolean): Readonly<Record<string, unknown>> {
  const known = shared.get(scope) ?? new Map<boolean, Readonly<Record<string, unknown>>>()
  shared.set(scope, known)
  let names = known.get(execute)
  if (names === undefined) {
    names = {
      ...offlineNames(),
      ...baseNames(scope, { execute }),
      ...targetNames(scope),
      ...projectNames(scope),
      execute,
    }
    known.set(execute, names)
  }
  return names
}

function projectNames(scope: ProjectScope): Record<string, unknown> {
  const api = apiValue(scope.dialect, quotingOf(scope))
  return {
    flags: { FULL_REFRESH: false, STORE_FAILURES: false, ...scope.flags },
    api,
    column: api['Column'],
    env: { ...scope.target },
    sql_now: 'now()',
    adapter_macro: hostFunction('adapter_macro', ([name]) => {
      throw new OperationError(
        'runtime',
        `The "adapter_macro" macro has been deprecated. Instead, use the \`adapter.dispatch\` method to find a macro and call the result. adapter_macro was called for: ${textOf(name ?? '')}`,
      )
    }),
    context_macro_stack: { call_stack: [], depth: 0 },
  }
}

function targetNames(scope: ProjectScope): Record<string, unknown> {
  const { target } = scope
  return {
    target: { profile_name: scope.projectName, dbname: target.database, ...target, target_name: target.name },
    schema: target.schema,
    database: target.database,
    project_name: scope.projectName,
  }
}

const runtimeConfigs = new WeakMap<ProjectScope, RecordValue>()

function runtimeConfigOf(scope: ProjectScope): RecordValue {
  const config = runtimeConfigs.get(scope) ?? runtimeConfig(scope)
  runtimeConfigs.set(scope, config)
  return config
}

/** `builtins.ref.config`: the parts of dbt's RuntimeConfig by which packages find out where they are. */
function runtimeConfig(scope: ProjectScope): RecordValue {
  const { projectName, projectVersion = null, dependencies = [], vars, flags = {} } = scope
  const known = [{ name: projectName, version: projectVersion }, ...dependencies]
  const projects = Object.fromEntries(
    known.map(({ name, version }) => [name, new RecordValue('RuntimeConfig', { project_name: name, version })]),
  )
  return new RecordValue('RuntimeConfig', {
    project_name: projectName,
    version: projectVersion,
    dependencies: projects,
    load_dependencies: hostFunction('load_dependencies', () => projects),
    args: flags,
    cli_vars: {},
    vars: new RecordValue('VarProvider', { vars }, () => vars),
  })
}

/** Sets the names that no macro has: in dbt a project may define its own `ref`, and call the other by `builtins.ref`. */
function define(context: Record<string, unknown>, names: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(names)) {
    if (!(name in context)) context[name] = value
  }
}

function defineLazily(context: Record<string, unknown>, name: string, make: () => unknown): void {
  let made: unknown
  Object.defineProperty(context, name, { get: () => (made ??= make()), enumerable: true, configurable: true })
}

/** `context`: every name by its text, for macros that call others by name. */
class ContextValue implements HostObject {
  readonly #context: Readonly<Record<string, unknown>>
  readonly [isMapping] = true
  readonly [typeNameOf] = 'dict'

  constructor(context: Readonly<Record<string, unknown>>) {
    this.#context = context
  }

  [itemOf](key: unknown): unknown {
    return this.#context[textOf(key)]
  }

  [attributeOf](name: string): unknown {
    if (name !== 'get') return this.#context[name]
    return new NativeFunction('get', 'key default?', (key: unknown, fallback: unknown) => {
      const value = this.#context[textOf(key)]
      return value === undefined ? (fallback ?? null) : value
    })
  }

  /** For `'name' in context`. */
  *[Symbol.iterator](): Iterator<string> {
    for (const name in this.#context) yield name
  }
}
