import fc from 'fast-check'
import type { Client } from 'pg'
import { typeDefinitionsSql } from './type-samples.ts'
import type { TypeSample } from './type-samples.ts'

/** The table `sample`, with random values of given types. */
export class SampleTable {
  readonly #client: Client
  readonly #major: number
  readonly #extensions: ReadonlySet<string>

  private constructor(client: Client, major: number, extensions: ReadonlySet<string>) {
    this.#client = client
    this.#major = major
    this.#extensions = extensions
  }

  /** Makes the types of the samples in the client's database. */
  static async prepare(client: Client, major: number): Promise<SampleTable> {
    const { rows } = await client.query<{ name: string }>('SELECT name FROM pg_available_extensions')
    const extensions = new Set(rows.map(({ name }) => name))
    for (const name of ['citext', 'cube', 'hstore', 'isn', 'ltree']) {
      if (extensions.has(name)) await client.query(`CREATE EXTENSION ${name}`)
    }
    await client.query(typeDefinitionsSql)
    return new SampleTable(client, major, extensions)
  }

  /** Those of the samples that this server has. */
  available(samples: readonly TypeSample[]): TypeSample[] {
    return samples.filter(
      ({ since = 0, extension }) =>
        since <= this.#major && (extension === undefined || this.#extensions.has(extension)),
    )
  }

  /** Makes the table anew, one column per type. */
  async create(samples: readonly TypeSample[]): Promise<void> {
    await this.#client.query('DROP TABLE IF EXISTS sample')
    await this.#client.query(
      `CREATE TABLE sample (${samples.map(({ type }, index) => `c${index} ${type}`).join(', ')})`,
    )
  }

  /** Adds rows of random values, some of them null. They follow from the seed, which is all that a failure needs to show. */
  async fill(samples: readonly TypeSample[], { rows, seed }: { rows: number; seed: number }): Promise<void> {
    const columns = samples.map(({ texts }) => fc.sample(fc.option(texts, { freq: 9 }), { numRuns: rows, seed }))
    const casts = samples.map(({ type }, index) => `v${index}::${type}`)
    const parameters = samples.map((_, index) => `$${index + 1}::text[]`)
    const names = samples.map((_, index) => `v${index}`)
    await this.#client.query(
      `INSERT INTO sample SELECT ${casts.join(', ')} FROM unnest(${parameters.join(', ')}) AS u (${names.join(', ')})`,
      columns,
    )
  }
}
