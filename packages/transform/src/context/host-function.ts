import { callObject, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject, KeywordArguments } from '../jinja/protocol.ts'

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

/** A function that takes its arguments as they come: positional values, and keywords by name. */
export function hostFunction(
  name: string,
  body: (args: readonly unknown[], kwargs: KeywordArguments) => unknown,
): HostFunction {
  return new HostFunction(name, body)
}
