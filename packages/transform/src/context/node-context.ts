import type { Log } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import { returnFromMacro } from '../jinja/error-location.ts'
import { attributeOf, callObject, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject, KeywordArguments } from '../jinja/protocol.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { reprOfValue, textOf } from '../jinja/python-text.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import { plainValue } from '../python/plain-value.ts'
import type { MacroLibrary } from './macro-library.ts'

/** Where models go: dbt's `target`. */
export interface Target {
  readonly name: string
  readonly type: 'duckdb' | 'postgres' | 'snowflake'
  readonly database: string
  readonly schema: string
  readonly threads: number
}

/** What all nodes of one load or run share. */
export interface ProjectScope {
  readonly projectName: string
  readonly target: Target
  readonly dialect: Dialect
  readonly vars: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly macros: MacroLibrary
  readonly log: Log
  readonly invocationId: string
  readonly runStartedAt: string
}

/** What differs from node to node, and between parsing (`execute` false) and running. */
export interface NodeScope {
  readonly execute: boolean
  readonly model: Readonly<Record<string, unknown>>
  readonly config: PartialConfig
  readonly isIncremental: boolean
  readonly thisRelation: unknown
  /** Extra names: the arguments of a generic test. */
  readonly extra?: Readonly<Record<string, unknown>>
  ref(args: readonly unknown[], kwargs: KeywordArguments): unknown
  source(args: readonly unknown[]): unknown
  /** Settings made by `config(…)` inside the template; ignored when running, as parsing has read them already. */
  setConfig(settings: PartialConfig): void
  /** Sends a query to the warehouse; only while running. */
  runQuery?(sql: string): Promise<unknown>
}

const notGiven: unique symbol = Symbol('not given')

/** The names that a model, a test or a macro sees. dbt's context, as far as this version has it. */
export function nodeContext(scope: ProjectScope, node: NodeScope): Record<string, unknown> {
  const namespace = scope.macros.namespaceFor(() => context)
  const context: Record<string, unknown> = Object.create(namespace) as Record<string, unknown>
  const target = { ...scope.target, profile_name: scope.projectName, dbname: scope.target.database }
  Object.assign(context, {
    execute: node.execute,
    this: node.thisRelation,
    model: node.model,
    target,
    schema: scope.target.schema,
    database: scope.target.database,
    project_name: scope.projectName,
    invocation_id: scope.invocationId,
    run_started_at: scope.runStartedAt,
    flags: { FULL_REFRESH: node.config['full_refresh'] === true },
    ref: hostFunction('ref', (args, kwargs) => node.ref(args, kwargs)),
    source: hostFunction('source', (args) => node.source(args)),
    config: new ConfigValue(node),
    var: varFunction(scope.vars),
    env_var: envVarFunction(scope.environment),
    is_incremental: hostFunction('is_incremental', () => node.isIncremental),
    return: new NativeFunction('return', 'data', (data: unknown) => returnFromMacro(data)),
    log: new NativeFunction('log', 'msg info?', (message: unknown, info: unknown) => {
      if (node.execute) scope.log[info === true ? 'info' : 'debug'](textOf(message))
      return ''
    }),
    print: new NativeFunction('print', 'msg', (message: unknown) => {
      if (node.execute) scope.log.info(textOf(message))
      return ''
    }),
    exceptions: exceptionsOf(scope.log),
    adapter: adapterOf(scope, namespace),
    run_query: new NativeFunction('run_query', 'sql', (sql: unknown) => {
      if (!node.execute || node.runQuery === undefined) return null
      return node.runQuery(textOf(sql))
    }),
    ...node.extra,
  })
  return context
}

/** The names that YAML files see: dbt's smallest context. */
export function yamlContext({
  target,
  vars,
  environment,
}: Pick<ProjectScope, 'target' | 'vars' | 'environment'>): Record<string, unknown> {
  return { target: { ...target }, var: varFunction(vars), env_var: envVarFunction(environment) }
}

class HostFunction implements HostObject {
  readonly #name: string
  readonly #body: (args: readonly unknown[], kwargs: KeywordArguments) => unknown
  readonly [typeNameOf] = 'function'

  constructor(name: string, body: (args: readonly unknown[], kwargs: KeywordArguments) => unknown) {
    this.#name = name
    this.#body = body
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.#body(args, kwargs)
  }

  toString(): string {
    return `<function ${this.#name}>`
  }
}

function hostFunction(
  name: string,
  body: (args: readonly unknown[], kwargs: KeywordArguments) => unknown,
): HostFunction {
  return new HostFunction(name, body)
}

/** `config(materialized='table')`, `config({'tags': […]})`, `config.get('unique_key')`, `config.require('x')`. */
class ConfigValue implements HostObject {
  readonly #node: NodeScope
  readonly [typeNameOf] = 'Config'

  constructor(node: NodeScope) {
    this.#node = node
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): string {
    const first = plainValue(args[0])
    this.#node.setConfig({ ...(isRecord(first) ? first : {}), ...(plainValue({ ...kwargs }) as PartialConfig) })
    return ''
  }

  [attributeOf](name: string): unknown {
    const { config, execute } = this.#node
    if (name === 'get')
      return new NativeFunction(
        'get',
        'name default? validator?',
        (key: unknown, fallback: unknown) => config[textOf(key)] ?? fallback ?? null,
      )
    if (name === 'require') {
      return new NativeFunction('require', 'name validator?', (key: unknown) => {
        const value = config[textOf(key)]
        if (value === undefined && execute)
          throw new OperationError('runtime', `the config "${textOf(key)}" is required and not set`)
        return value ?? null
      })
    }
    return undefined
  }
}

function varFunction(vars: Readonly<Record<string, unknown>>): NativeFunction {
  return new NativeFunction('var', 'name default?', (name: unknown, fallback: unknown = notGiven) => {
    const key = textOf(name)
    if (Object.hasOwn(vars, key)) return vars[key]
    if (fallback !== notGiven) return fallback
    throw new OperationError(
      'runtime',
      `Required var '${key}' not found: set it under vars in dbt_project.yml, or pass it with --vars '{"${key}": …}'`,
    )
  })
}

function envVarFunction(environment: Readonly<Record<string, string | undefined>>): NativeFunction {
  return new NativeFunction('env_var', 'name default?', (name: unknown, fallback: unknown = notGiven) => {
    const value = environment[textOf(name)]
    if (value !== undefined) return value
    if (fallback !== notGiven) return fallback
    throw new OperationError('runtime', `Env var required but not provided: '${textOf(name)}'`)
  })
}

function exceptionsOf(log: Log): Record<string, unknown> {
  const raise = (message: unknown): never => {
    throw new OperationError('runtime', textOf(message))
  }
  return {
    raise_compiler_error: new NativeFunction('raise_compiler_error', 'msg node?', raise),
    warn: new NativeFunction('warn', 'msg node?', (message: unknown) => {
      log.warn(textOf(message))
      return ''
    }),
  }
}

function adapterOf(
  { macros, target, dialect }: ProjectScope,
  namespace: Record<string, unknown>,
): Record<string, unknown> {
  return {
    dispatch: new NativeFunction('dispatch', 'macro_name macro_namespace?', (macro: unknown) => {
      const name = macros.dispatchName(textOf(macro), target.type)
      if (name !== undefined) return namespace[name]
      throw new OperationError(
        'runtime',
        `No macro named ${reprOfValue(macro)} found for ${target.type}: define ${target.type}__${textOf(macro)} or default__${textOf(macro)}`,
      )
    }),
    quote: new NativeFunction('quote', 'identifier', (identifier: unknown) =>
      dialect.quoteIdentifier(textOf(identifier)),
    ),
    type: new NativeFunction('type', '', () => target.type),
  }
}
