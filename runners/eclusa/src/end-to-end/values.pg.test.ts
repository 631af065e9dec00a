/*
 * Random values of every type travel from PostgreSQL into a DuckDB file, by a table copy and by an incremental stream.
 * What DuckDB then holds goes back to PostgreSQL as numbers and is printed there; where a value did not fit, its text in
 * `_airbyte_meta` counts. Both must be what PostgreSQL prints of its own values.
 */
import type { DuckDBValue } from '@duckdb/node-api'
import { testServers } from '@eclusa/postgres-local/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  arrayOf,
  jsonSamples,
  matrixOf,
  printableSamples,
  typeDefinitionsSql,
} from '@eclusa/source-postgres/testing/type-samples'
import type { TypeSample } from '@eclusa/source-postgres/testing/type-samples'
import { EndToEnd, readDuckDb, run } from '../testing/end-to-end.ts'
import type { DuckDbResult, Row } from '../testing/end-to-end.ts'
import { postgresExpression } from '../testing/postgres-expression.ts'

const rowCount = 40
const seed = Number(process.env['ECLUSA_TEST_SEED'] ?? 20_261_122)
const extensions = ['citext', 'cube', 'hstore', 'isn', 'ltree']
const rowsSql = `SELECT COLUMNS('^(id|c[0-9]+)$'), _airbyte_meta -> 'changes' AS changes FROM public.sample ORDER BY id`
const sessionSql = "SET DateStyle TO 'ISO, YMD'; SET IntervalStyle TO 'postgres'; SET TimeZone TO 'UTC'"

/** At the limits of PostgreSQL and beyond those of DuckDB, or of database declared dimension. */
const extremes: readonly TypeSample[] = [
  {
    type: 'numeric',
    texts: fc.constantFrom('9'.repeat(131_072), `0.${'9'.repeat(16_383)}`, `-${'9'.repeat(39)}.50`, '1e131071'),
  },
  { type: 'numeric(1000,1000)', texts: fc.constantFrom(`0.${'1'.repeat(1000)}`) },
  { type: 'int4[]', texts: fc.oneof(matrixOf(fc.nat(9).map(String)), arrayOf(fc.nat(9).map(String))) },
  { type: 'interval', since: 17, texts: fc.constantFrom('infinity', '-infinity', '1 day') },
  { type: 'interval[]', since: 17, texts: arrayOf(fc.constantFrom('infinity', '1 day')) },
  { type: 'text', texts: fc.nat(9).map((size) => 'é😀x'.repeat(size * 10_000)) },
  { type: 'bytea', texts: fc.nat(9).map((size) => `\\x${'00ff'.repeat(size * 10_000)}`) },
]

interface Sample extends TypeSample {
  /** What the column is compared with, as SQL over its identifier. */
  readonly printed: (identifier: string) => string
}

/**
 * Printed by the output function, as values without a cast are: a cast to text would take the padding from char(n) and
 * add a mask to inet. money is a decimal here; composites and nested arrays are JSON.
 */
const samples: readonly Sample[] = [
  ...[...printableSamples, ...extremes].map((sample) => ({
    ...sample,
    printed: (identifier: string) =>
      sample.type.startsWith('money') ? `${identifier}::${sample.type.replace('money', 'numeric(19,2)')}` : identifier,
  })),
  ...jsonSamples.map((sample) => ({ ...sample, printed: (identifier: string) => `to_json(${identifier})::text` })),
]

for (const server of await testServers()) {
  describe(`values of every type from PostgreSQL ${server.major}`, () => {
    let database: EndToEnd
    let available: readonly Sample[]
    let columns: readonly string[]

    beforeAll(async () => {
      database = await EndToEnd.open(server)
      const there = new Set((await database.sql('SELECT name FROM pg_available_extensions')).flat())
      for (const name of extensions) if (there.has(name)) await database.sql(`CREATE EXTENSION ${name}`)
      await database.sql(`${typeDefinitionsSql}; ${sessionSql}`)
      available = samples.filter(
        ({ since = 0, extension }) => since <= server.major && (extension === undefined || there.has(extension)),
      )
      columns = available.map((_, index) => `c${index}`)
      const definitions = available.map(({ type }, index) => `c${index} ${type}`)
      await database.sql(`CREATE TABLE sample (id int PRIMARY KEY, ${definitions.join(', ')})`)
    })
    afterAll(async () => {
      await database[Symbol.asyncDispose]()
    })

    async function fill(runSeed: number): Promise<void> {
      const texts = available.map(({ texts: of }) =>
        fc.sample(fc.option(of, { freq: 9 }), { numRuns: rowCount, seed: runSeed }),
      )
      const names = available.map((_, index) => `v${index}`)
      const casts = available.map(({ type }, index) => `v${index}::${type}`)
      const parameters = available.map((_, index) => `$${index + 1}::text[]`)
      await database.sql('TRUNCATE sample')
      await database.sql(
        `INSERT INTO sample SELECT row_number() OVER (), ${casts.join(', ')} FROM unnest(${parameters.join(', ')}) AS u (${names.join(', ')})`,
        texts,
      )
    }

    /** The rows as PostgreSQL prints what DuckDB holds. */
    async function printBack({ names, types, rows }: DuckDbResult): Promise<Row[]> {
      const printed: Row[] = []
      for (const row of rows) {
        const cells = new Map(names.map((name, index) => [name, { type: types.at(index), value: row.at(index) }]))
        const changes = changesOf(cells.get('changes')?.value)
        const expressions = columns.map((name) => changes.get(name) ?? postgresExpression(cells.get(name)))
        printed.push(...(await database.sql(`SELECT ${expressions.join(', ')}`)))
      }
      return printed
    }

    async function expectExact(result: DuckDbResult): Promise<void> {
      const found = await printBack(result)
      const exact = available.map(({ printed }, index) => printed(`c${index}`))
      const own = await database.sql(`SELECT ${exact.join(', ')} FROM sample ORDER BY id`)
      // What a change tells is always the value's own text, also that of a composite.
      const texts = await database.sql(`SELECT ${columns.join(', ')} FROM sample ORDER BY id`)
      const differences = found.flatMap((row, at) =>
        row.flatMap((value, column) => {
          const wanted = [own.at(at)?.at(column), texts.at(at)?.at(column)]
          if (wanted.includes(value)) return []
          return [{ id: at + 1, type: available.at(column)?.type, found: short(value), wanted: wanted.map(short) }]
        }),
      )
      expect({ seed, rows: found.length, differences }).toEqual({ seed, rows: rowCount, differences: [] })
    }

    test('are the same by a table copy and by an incremental stream', async () => {
      const copied = database.file()
      const streamed = database.file()
      const incremental = database.pipeline(streamed, { streams: [{ name: 'public.sample', syncMode: 'incremental' }] })
      expect(await run(incremental)).toMatchObject({ status: 'succeeded', rows: 0 })
      await fill(seed)
      const copy = database.pipeline(copied, { streams: ['public.sample'] })
      const [first, second] = [await run(copy), await run(incremental)]
      expect(first).toMatchObject({ status: 'succeeded', rows: rowCount })
      expect(second).toMatchObject({ status: 'succeeded', rows: rowCount, unrepresentable: first.unrepresentable })
      const [byCopy, byStream] = [await readDuckDb(copied, rowsSql), await readDuckDb(streamed, rowsSql)]
      await expectExact(byCopy)
      // Not by SQL, for which 30 days are a month and -0 is 0.
      expect(byStream).toEqual(byCopy)
    })
  })
}

function short(text: string | null | undefined): string {
  return String(text).slice(0, 200)
}

/** Exact texts of the values that did not fit, by column, as literals. */
function changesOf(json: DuckDBValue | undefined): ReadonlyMap<string, string> {
  const changes = JSON.parse(String(json)) as readonly { field: string; value: string }[]
  return new Map(changes.map(({ field, value }) => [field, `'${value.replaceAll("'", "''")}'`]))
}
