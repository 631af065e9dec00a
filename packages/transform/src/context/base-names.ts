import { createEnvironment } from '../jinja/environment.ts'
import { returnFromMacro } from '../jinja/error-location.ts'
import { type HostObject, callObject, typeNameOf } from '../jinja/protocol.ts'
import type { KeywordArguments } from '../jinja/protocol.ts'
import { isTrue } from '../jinja/python-object.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { PyDateTime } from '../python/date-time.ts'
import { pythonModules } from '../python/modules.ts'
import { PyTimeZone } from '../python/time-zone.ts'
import { textTypeFilters } from '../python/type-filters.ts'
import { dataNames } from './data-names.ts'
import { exceptionNames } from './exception-names.ts'
import type { NodeScope, ProjectScope } from './scope.ts'

const notGiven: unique symbol = Symbol('not given')

/** The version of dbt whose behaviour and artifacts are followed. */
export const dbtVersion = '1.10.23'

/** Environment variables with this prefix hold secrets, which may appear in profiles.yml and packages.yml only. */
const secretPrefix = 'DBT_ENV_SECRET_'

/** The names that YAML files see: dbt's smallest context. */
export function yamlContext({
  target,
  vars,
  environment,
}: Pick<ProjectScope, 'target' | 'vars' | 'environment'>): Record<string, unknown> {
  return {
    ...dataNames,
    modules: pythonModules(),
    dbt_version: dbtVersion,
    target: { ...target },
    var: new VarFunction(vars, () => ({ target: { ...target }, env_var: envVarFunction(environment) })),
    env_var: envVarFunction(environment, { mayReadSecrets: true }),
  }
}

/** The names that need nothing but the project: dbt's base context. While parsing nothing is logged. */
export function baseNames(scope: ProjectScope, { execute }: Pick<NodeScope, 'execute'>): Record<string, unknown> {
  const { log } = scope
  const names: Record<string, unknown> = {
    ...dataNames,
    modules: pythonModules(),
    dbt_version: dbtVersion,
    thread_id: 'MainThread',
    var: new VarFunction(scope.vars, () => ({ ...names, target: { ...scope.target } })),
    env_var: envVarFunction(scope.environment),
    return: new NativeFunction('return', 'data', (data: unknown) => returnFromMacro(data)),
    log: new NativeFunction('log', 'msg info?', (message: unknown, info: unknown = false) => {
      if (execute) log[isTrue(info) ? 'info' : 'debug'](textOf(message))
      return ''
    }),
    print: new NativeFunction('print', 'msg', (message: unknown) => {
      if (!execute || scope.flags?.['PRINT'] === false) return ''
      if (log.print === undefined) log.info(textOf(message))
      else log.print(textOf(message))
      return ''
    }),
    exceptions: exceptionNames(log),
    invocation_id: scope.invocationId,
    run_started_at: momentOf(scope.runStartedAt),
    dbt_metadata_envs: metadataVariables(scope.environment),
    invocation_args_dict: argumentsOf(scope.flags ?? {}),
  }
  return names
}

/** A text of ISO 8601 as a moment in UTC; none where there is no such text. */
function momentOf(text: string): PyDateTime | null {
  const millis = Date.parse(text)
  return Number.isNaN(millis) ? null : PyDateTime.ofUtc(BigInt(millis) * 1000n, PyTimeZone.utc)
}

/** `var('name', default)`, and `var.has_var('name')`. */
export class VarFunction implements HostObject {
  readonly #vars: Readonly<Record<string, unknown>>
  readonly #get: NativeFunction
  readonly [typeNameOf] = 'Var'

  /** @param contextOf the names that a variable's own template sees */
  constructor(vars: Readonly<Record<string, unknown>>, contextOf: () => Readonly<Record<string, unknown>>) {
    this.#vars = vars
    this.#get = new NativeFunction('var', 'var_name default?', (name: unknown, fallback: unknown = notGiven) => {
      const key = textOf(name)
      if (Object.hasOwn(vars, key)) return renderVariable(vars[key], contextOf)
      if (fallback !== notGiven) return fallback
      throw new OperationError(
        'runtime',
        `Required var '${key}' not found: set it under vars in dbt_project.yml, or pass it with --vars '{"${key}": …}'`,
      )
    })
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.#get[callObject](args, kwargs)
  }

  has_var(name: unknown): boolean {
    return Object.hasOwn(this.#vars, textOf(name))
  }
}

const variableEnvironment = createEnvironment({ filters: textTypeFilters })

/** A variable's text may hold Jinja, which is rendered where the variable is read. */
function renderVariable(value: unknown, contextOf: () => Readonly<Record<string, unknown>>): unknown {
  if (typeof value !== 'string' || !/\{[{%#]/u.test(value)) return value
  return variableEnvironment.parse(value, '<var>').render(contextOf())
}

function envVarFunction(
  environment: Readonly<Record<string, string | undefined>>,
  { mayReadSecrets = false }: { readonly mayReadSecrets?: boolean } = {},
): NativeFunction {
  return new NativeFunction('env_var', 'var default?', (name: unknown, fallback: unknown = null) => {
    const key = textOf(name)
    if (!mayReadSecrets && key.startsWith(secretPrefix)) {
      throw new OperationError(
        'runtime',
        `Secret env vars are allowed only in profiles.yml or packages.yml. Found '${key}' referenced elsewhere.`,
      )
    }
    const value = environment[key] ?? fallback
    if (value !== null) return value
    throw new OperationError('runtime', `Env var required but not provided: '${key}'`)
  })
}

/** The flags of the command under the names of its options: `FULL_REFRESH` is `full_refresh`. */
function argumentsOf(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).map(([name, value]) => [name.toLowerCase(), value]))
}

const metadataPrefix = 'DBT_ENV_CUSTOM_ENV_'

/** Looked for once: every node asks, and the environment of a process is slow to go through. */
const metadata = new WeakMap<object, Record<string, string>>()

function metadataVariables(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const known = metadata.get(environment)
  if (known !== undefined) return { ...known }
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    name.startsWith(metadataPrefix) && value !== undefined ? [[name.slice(metadataPrefix.length), value]] : [],
  )
  const found = Object.fromEntries(entries) as Record<string, string>
  metadata.set(environment, found)
  return { ...found }
}
