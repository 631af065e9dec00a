import { attributeOf, itemOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
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

/** A node's settings as dbt's own object has them: what is not set is None, as an attribute and as an item. */
export class SettingsValue extends RecordValue {
  readonly #settings: Readonly<Record<string, unknown>>

  constructor(settings: Readonly<Record<string, unknown>>) {
    super('NodeConfig', settings)
    this.#settings = settings
  }

  override [attributeOf](name: string): unknown {
    if (name === 'get') {
      return new NativeFunction(
        'get',
        'key default?',
        (key: unknown, fallback: unknown) => this[itemOf](key) ?? fallback ?? null,
      )
    }
    return super[attributeOf](name) ?? this[itemOf](name)
  }

  [itemOf](key: unknown): unknown {
    const name = textOf(key)
    return Object.hasOwn(this.#settings, name) ? (this.#settings[name] ?? null) : null
  }
}
