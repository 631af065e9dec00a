import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { duckdbDialect, openDuckDb } from '@eclusa/warehouse'
import { expect, it } from 'vitest'
import { RelationIdentities } from './relation-identity.ts'

const relations = ['t', 'v', 'u', 'big']

it('is the same when a DuckDB file is opened again, and another one when rows or the definition change', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'identity '))
  const file = path.join(folder, 'w.duckdb')
  const identities = async (statements: readonly string[] = []) => {
    await using warehouse = await openDuckDb({ path: file })
    await using connection = await warehouse.connect()
    for (const statement of statements) await connection.query(statement)
    const known = new RelationIdentities(duckdbDialect)
    const found: Record<string, string | undefined> = {}
    for (const identifier of relations) {
      const relation = { database: warehouse.database, schema: 'main', identifier }
      found[identifier] = (await known.of(relation, connection))?.text
    }
    return found
  }
  const first = await identities([
    `create table t (id integer primary key, name varchar(20) not null default 'a', price decimal(10, 2) check (price > 0))`,
    `insert into t values (1, 'x', 1), (2, 'y', 2)`,
    `create view v as select id, 1::double as f, name::text as n, ((id + 1)) as i, price::numeric(8,1) as p from t`,
    `create view u as select * from v union all select * from v union all (select * from v union all select * from v)`,
    'create table big as select i as id from range(5000) r(i)',
  ])
  expect(Object.values(first)).not.toContain(undefined)
  expect(await identities()).toEqual(first)
  expect(await identities(['delete from big where id = 4', 'insert into big values (4)', 'checkpoint'])).not.toEqual(
    first,
  )
  const second = await identities([
    'create or replace view v as select id, 2::double as f, name as n, id as i, price as p from t',
    `update t set name = 'z' where id = 2`,
    'drop view u',
  ])
  for (const name of ['t', 'v', 'u']) expect(second[name]).not.toBe(first[name])
  expect(second['u']).toBeUndefined()
  await rm(folder, { recursive: true })
})
