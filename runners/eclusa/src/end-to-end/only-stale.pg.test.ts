/* A dbt project behind a load: with `onlyStale`, models are built when the load has changed what they read. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { testServer } from '@eclusa/postgres-local/testing'
import { transform } from '@eclusa/transform'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EndToEnd, run } from '../testing/end-to-end.ts'

let database: EndToEnd
beforeAll(async () => {
  database = await EndToEnd.open(await testServer())
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

const files = {
  'dbt_project.yml': 'name: shop\n',
  'models/sources.yml': 'sources: [{name: public, tables: [{name: orders}, {name: customers}]}]',
  'models/totals.sql': `{{ config(materialized='table') }} select sum(amount) as total from {{ source('public', 'orders') }}`,
  'models/names.sql': `select name from {{ source('public', 'customers') }}`,
  'models/longest.sql': `{{ config(materialized='table') }} select max(length(name)) as longest from {{ ref('names') }}`,
  'tests/positive.sql': `select * from {{ ref('totals') }} where total < 0`,
}

test('builds the models whose tables have got rows, and leaves out the others', async () => {
  await database.sql(`CREATE TABLE orders (id int PRIMARY KEY, amount int); INSERT INTO orders VALUES (1, 5);
    CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers VALUES (1, 'ana')`)
  const project = join(database.directory, 'shop')
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(project, file)), { recursive: true })
    await writeFile(join(project, file), text)
  }
  const pipeline = database.pipeline(database.file(), {
    streams: ['orders', 'customers'].map((name) => ({ name: `public.${name}`, syncMode: 'incremental' as const })),
    steps: [transform({ project, onlyStale: true })],
  })
  const built = async () => {
    const { steps } = await run(pipeline)
    const results = steps[0]?.details['results'] as readonly { uniqueId: string; status: string }[]
    const names = results
      .filter(({ status }) => status !== 'unchanged')
      .map(({ uniqueId }) => uniqueId.split('.').at(-1) ?? '')
    return names.toSorted()
  }
  expect(await built()).toHaveLength(4)
  expect((await run(pipeline)).steps[0]).toMatchObject({
    status: 'succeeded',
    summary: expect.stringContaining('4 unchanged') as string,
  })
  await database.sql(`INSERT INTO orders VALUES (2, 7)`)
  expect(await built()).toEqual(['positive', 'totals'])
  await database.sql(`UPDATE customers SET name = 'anabela'`)
  expect(await built()).toEqual(['longest', 'names'])
})
