import { attributeOf, callObject, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject, KeywordArguments } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import { plainValue } from '../python/plain-value.ts'
import type { NodeScope } from './scope.ts'

/** `config(materialized='table')`, `config({'tags': […]})`, `config.get('unique_key')`, `config.require('x')`. */
export class ConfigValue implements HostObject {
  readonly #node: NodeScope
  readonly [typeNameOf] = 'Config'

  constructor(node: NodeScope) {
    this.#node = node
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): string {
    const first = plainValue(args[0])
    const given = { ...(isRecord(first) ? first : {}), ...(plainValue({ ...kwargs }) as PartialConfig) }
    for (const name of ['pre', 'post']) {
      if (Object.hasOwn(given, `${name}_hook`) && Object.hasOwn(given, `${name}-hook`))
        throw new OperationError(
          'runtime',
          `Invalid config, has conflicting keys "${name}_hook" and "${name}-hook": write one of them`,
        )
    }
    this.#node.setConfig(given)
    return ''
  }

  [attributeOf](name: string): unknown {
    // The node itself, which macros hand on to the adapter.
    if (name === 'model') return this.#node.model
    const method = methods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  get(name: unknown, fallback: unknown): unknown {
    const { config } = this.#node
    const key = textOf(name)
    // Hooks have two spellings, in dbt too.
    const known = Object.hasOwn(config, key) ? key : key.replace(/^(pre|post)_hook$/u, '$1-hook')
    return Object.hasOwn(config, known) ? (config[known] ?? null) : (fallback ?? null)
  }

  require(name: unknown): unknown {
    const value = this.get(name, null)
    const isMissing = !Object.hasOwn(this.#node.config, textOf(name))
    if (isMissing && this.#node.execute)
      throw new OperationError('runtime', `the config "${textOf(name)}" is required and not set`)
    return value
  }

  meta(name: unknown): unknown {
    const { meta } = this.#node.config
    return isRecord(meta) ? meta[textOf(name)] : undefined
  }

  set(name: unknown, value: unknown): string {
    // While running nothing is set any more: parsing has read it.
    this.#node.setConfig({ [textOf(name)]: plainValue(value) })
    return ''
  }

  persists(part: 'relation' | 'columns'): boolean {
    const settings = this.get('persist_docs', {})
    if (settings === null) return false
    if (isRecord(settings)) return settings[part] === true
    throw new OperationError('runtime', "Invalid value provided for 'persist_docs'. Expected dict")
  }
}

const methods = functionTable(
  new NativeFunction('get', 'name default? validator?', (self: ConfigValue, name: unknown, fallback: unknown) =>
    self.get(name, fallback),
  ),
  new NativeFunction('require', 'name validator?', (self: ConfigValue, name: unknown) => self.require(name)),
  new NativeFunction('set', 'name value', (self: ConfigValue, name: unknown, value: unknown) => self.set(name, value)),
  new NativeFunction(
    'meta_get',
    'name default? validator?',
    (self: ConfigValue, name: unknown, fallback: unknown) => self.meta(name) ?? fallback ?? null,
  ),
  new NativeFunction('meta_require', 'name validator?', (self: ConfigValue, name: unknown) => {
    const value = self.meta(name)
    if (value !== undefined) return value
    throw new OperationError('runtime', `the meta "${textOf(name)}" is required and not set`)
  }),
  new NativeFunction('persist_relation_docs', '', (self: ConfigValue) => self.persists('relation')),
  new NativeFunction('persist_column_docs', '', (self: ConfigValue) => self.persists('columns')),
)
