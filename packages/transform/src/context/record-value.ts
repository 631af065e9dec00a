import { attributeOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { NativeFunction } from '../jinja/signature.ts'

/** An object of dbt's own: its fields are attributes, and `to_dict()` gives them as a dict. */
export class RecordValue implements HostObject {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #dictionary: () => unknown
  readonly #text: string
  readonly [typeNameOf]: string

  /**
   * @param dictionary what `to_dict` gives, where it is not the fields
   * @param text how it is printed
   */
  constructor(
    typeName: string,
    fields: Readonly<Record<string, unknown>>,
    dictionary: () => unknown = () => ({ ...fields }),
    text = `<${typeName} object>`,
  ) {
    this.#text = text
    this[typeNameOf] = typeName
    this.#fields = fields
    this.#dictionary = dictionary
  }

  [attributeOf](name: string): unknown {
    if (name === 'to_dict') return new NativeFunction('to_dict', 'omit_none?', this.#dictionary)
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }

  toString(): string {
    return this.#text
  }
}
