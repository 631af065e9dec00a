import { attributeOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { NativeFunction } from '../jinja/signature.ts'

/** An object of dbt's own: its fields are attributes, and `to_dict()` gives them as a dict. */
export class RecordValue implements HostObject {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #dictionary: () => unknown
  readonly [typeNameOf]: string

  /** @param dictionary what `to_dict` gives, where it is not the fields */
  constructor(
    typeName: string,
    fields: Readonly<Record<string, unknown>>,
    dictionary: () => unknown = () => ({ ...fields }),
  ) {
    this[typeNameOf] = typeName
    this.#fields = fields
    this.#dictionary = dictionary
  }

  [attributeOf](name: string): unknown {
    if (name === 'to_dict') return new NativeFunction('to_dict', 'omit_none?', this.#dictionary)
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }

  toString(): string {
    return `<${this[typeNameOf]} object>`
  }
}
