import { attributeOf, callObject, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject, KeywordArguments } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
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
