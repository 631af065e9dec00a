import { type HostObject, type KeywordArguments, callObject, typeNameOf } from './protocol.ts'

/** A function that takes positional values and any keyword. */
export class KeywordFunction implements HostObject {
  readonly #body: (args: readonly unknown[], kwargs: KeywordArguments) => unknown
  readonly [typeNameOf] = 'type'

  constructor(body: (args: readonly unknown[], kwargs: KeywordArguments) => unknown) {
    this.#body = body
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.#body(args, kwargs)
  }
}
