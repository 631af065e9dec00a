import { type HostObject, attributeOf, reprOf, typeNameOf } from './protocol.ts'
import { reprOfValue } from './python-text.ts'
import { PyDict } from './python-collections.ts'

/** The object that `namespace()` makes: the only one whose attributes `{% set ns.name = ... %}` may assign. */
export class Namespace implements HostObject {
  readonly #attributes = new Map<string, unknown>()
  readonly [typeNameOf] = 'Namespace'

  constructor(attributes: Iterable<readonly [string, unknown]>) {
    for (const [name, value] of attributes) this.set(name, value)
  }

  set(name: string, value: unknown): void {
    this.#attributes.set(name, value ?? null)
  }

  [attributeOf](name: string): unknown {
    return this.#attributes.get(name)
  }

  [reprOf](): string {
    return `<Namespace ${reprOfValue(new PyDict(this.#attributes))}>`
  }
}
