import { attributeOf, callObject, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject, KeywordArguments } from '../jinja/protocol.ts'

class HostFunction implements HostObject {
  readonly #name: string
  readonly #body: (args: readonly unknown[], kwargs: KeywordArguments) => unknown
  readonly #attributes: Readonly<Record<string, unknown>>
  readonly [typeNameOf] = 'function'

  constructor(
    name: string,
    body: (args: readonly unknown[], kwargs: KeywordArguments) => unknown,
    attributes: Readonly<Record<string, unknown>>,
  ) {
    this.#name = name
    this.#body = body
    this.#attributes = attributes
  }

  [attributeOf](name: string): unknown {
    return Object.hasOwn(this.#attributes, name) ? this.#attributes[name] : undefined
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
  attributes: Readonly<Record<string, unknown>> = {},
): HostFunction {
  return new HostFunction(name, body, attributes)
}
