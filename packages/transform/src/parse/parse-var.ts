import { callObject, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject, KeywordArguments } from '../jinja/protocol.ts'

interface Var extends HostObject {
  has_var(name: unknown): boolean
}

/**
 * `var` while a project is parsed: one that is nowhere set is none, as in dbt. Projects have models that are switched
 * off and name variables which only those who switch them on have set; who runs such a model is told.
 */
export class ParseVar implements HostObject {
  readonly #var: Var
  readonly [typeNameOf] = 'Var'

  constructor(runtimeVar: unknown) {
    this.#var = runtimeVar as Var
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    const name = args[0] ?? kwargs['var_name']
    const hasDefault = args.length > 1 || 'default' in kwargs
    return hasDefault || this.#var.has_var(name) ? this.#var[callObject]?.(args, kwargs) : null
  }

  has_var(name: unknown): boolean {
    return this.#var.has_var(name)
  }
}
