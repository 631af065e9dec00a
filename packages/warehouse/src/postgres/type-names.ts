import type { Client, FieldDef } from 'pg'

/** Names of result types as `format_type` writes them, asked for once per type and session. */
export class TypeNames {
  readonly #client: Client
  readonly #names = new Map<string, string>()

  constructor(client: Client) {
    this.#client = client
  }

  async of(fields: readonly FieldDef[]): Promise<readonly string[]> {
    const unknown = fields.filter((field) => !this.#names.has(keyOf(field)))
    if (unknown.length > 0) await this.#load(unknown)
    return fields.map((field) => this.#names.get(keyOf(field))!)
  }

  async #load(fields: readonly FieldDef[]): Promise<void> {
    const { rows } = await this.#client.query<[number, number, string]>({
      text: 'SELECT o, m, format_type(o, m) FROM unnest($1::oid[], $2::int4[]) AS t(o, m)',
      values: [fields.map((field) => field.dataTypeID), fields.map((field) => field.dataTypeModifier)],
      rowMode: 'array',
    })
    for (const [dataTypeID, dataTypeModifier, name] of rows) {
      this.#names.set(keyOf({ dataTypeID, dataTypeModifier }), name)
    }
  }
}

function keyOf(field: Pick<FieldDef, 'dataTypeID' | 'dataTypeModifier'>): string {
  return `${field.dataTypeID}:${field.dataTypeModifier}`
}
