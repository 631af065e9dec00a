import type { Log } from '@eclusa/sdk'
import { returnFromMacro } from '../jinja/error-location.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import type { ProjectScope } from './scope.ts'

const notGiven: unique symbol = Symbol('not given')

/** The names that YAML files see: dbt's smallest context. */
export function yamlContext({
  target,
  vars,
  environment,
}: Pick<ProjectScope, 'target' | 'vars' | 'environment'>): Record<string, unknown> {
  return { target: { ...target }, var: varFunction(vars), env_var: envVarFunction(environment) }
}

/** The names that need nothing but the project: dbt's base context. While parsing nothing is logged. */
export function baseNames(scope: ProjectScope, { execute }: { readonly execute: boolean }): Record<string, unknown> {
  const { log } = scope
  return {
    var: varFunction(scope.vars),
    env_var: envVarFunction(scope.environment),
    return: new NativeFunction('return', 'data', (data: unknown) => returnFromMacro(data)),
    log: new NativeFunction('log', 'msg info?', (message: unknown, info: unknown) => {
      if (execute) log[info === true ? 'info' : 'debug'](textOf(message))
      return ''
    }),
    print: new NativeFunction('print', 'msg', (message: unknown) => {
      if (execute) log.info(textOf(message))
      return ''
    }),
    exceptions: exceptionsOf(log),
    invocation_id: scope.invocationId,
    run_started_at: scope.runStartedAt,
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
