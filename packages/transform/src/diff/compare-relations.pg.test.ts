import type { SqlValue } from '@eclusa/sdk'
import { dialectOf } from '@eclusa/warehouse'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { trialWarehouses } from '../testing/project-trial.ts'
import { compareRelations } from './compare-relations.ts'
import type { ComparedRelation, CompareOptions } from './compare-relations.ts'

type Opened = Awaited<ReturnType<(typeof trialWarehouses)['DuckDB']>>

interface Row {
  readonly id: number
  readonly amount: number | null
  readonly name: string | null
  readonly ratio: number
}

let opened: Readonly<Record<'DuckDB' | 'PostgreSQL', Opened>>
const sessions = new Map<string, ComparedRelation>()

beforeAll(async () => {
  opened = { DuckDB: await trialWarehouses.DuckDB(), PostgreSQL: await trialWarehouses.PostgreSQL() }
  for (const name of ['DuckDB', 'PostgreSQL', 'another DuckDB', 'another PostgreSQL']) {
    const { warehouse } = opened[name.split(' ').at(-1) as 'DuckDB']
    const connection = await warehouse.connect()
    sessions.set(name, { warehouse, connection, dialect: dialectOf(warehouse), from: '' })
  }
})
afterAll(async () => {
  for (const { connection } of sessions.values()) await connection[Symbol.asyncDispose]()
  for (const warehouse of Object.values(opened)) await warehouse[Symbol.asyncDispose]()
})

const places = ['DuckDB', 'PostgreSQL', 'another DuckDB', 'another PostgreSQL']
const pairs = [
  ['DuckDB', 'DuckDB'],
  ['PostgreSQL', 'PostgreSQL'],
  ['DuckDB', 'another DuckDB'],
  ['PostgreSQL', 'another PostgreSQL'],
  ['DuckDB', 'PostgreSQL'],
  ['PostgreSQL', 'DuckDB'],
] as const

describe.each(pairs)('tables in %s and %s', (from, to) => {
  it('differ by key in the rows and columns in which a comparison of all values says they do', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(), rowsOf(), async (before, after) => {
        const { rows, note } = await compare([from, before], [to, after], { key: ['id'] })
        const expected = difference(before, after)
        expect({ note, ...rows, sample: rows.sample.length }).toEqual({ ...expected, sample: total(expected) })
      }),
      { numRuns: 6 },
    )
  })

  it('are compared as whole rows where a key is repeated, and show the rows that are asked for', async () => {
    if (from !== to && !to.endsWith(from)) return
    const [one, two] = [row(1, 5, 'a'), row(2, null, 'b')]
    const { rows, note, key } = await compare([from, [one, one, two]], [to, [one, two, two, row(3, 1, null)]], {
      key: ['id'],
      limit: 2,
    })
    expect(key).toEqual([])
    expect(note).toMatch(/^its key \(id\) repeats/u)
    expect(rows).toMatchObject({ before: 3, after: 4, added: 2, removed: 1, changed: 0 })
    expect(rows.sample).toHaveLength(2)
    for (const { kind } of rows.sample) expect(['added', 'removed']).toContain(kind)
  })
})

it('finds rows again by values that two kinds of warehouses spell differently', async () => {
  const columns = `1.50 as price, cast('2024-01-01' as date) as day, timestamptz '2024-01-01 00:30:00+02' as at,
    cast('{"a": 1}' as json) as data, true as flag, cast('6f2b3f6e-0d0f-4d55-a9d3-4b1d7f4c2a11' as uuid) as code`
  const [left, right] = [sessions.get('DuckDB')!, sessions.get('PostgreSQL')!]
  await left.connection.query(`create or replace table spelled as select ${columns}, 1e20::double as ratio`)
  await right.connection.query('drop table if exists spelled')
  await right.connection.query(`create table spelled as select ${columns}, 1e20::float8 as ratio`)
  await right.connection.query('alter table spelled alter day type timestamp, alter price type numeric(20, 5)')
  for (const key of [['price'], ['day', 'at'], ['flag', 'code']]) {
    const found = await compareAt({ ...left, from: 'spelled' }, { ...right, from: 'spelled' }, { key })
    expect(found).toMatchObject({ rows: { added: 0, removed: 0, changed: 0, before: 1, after: 1 } })
    expect(found.columns.retyped).toEqual([{ name: 'day', before: 'DATE', after: 'timestamp without time zone' }])
  }
  await expect(compareAt({ ...left, from: 'spelled' }, { ...right, from: 'spelled' }, { key: [] })).rejects.toThrow(
    /Column "(?:data|ratio)" is of type .* cannot be found again/u,
  )
  await expect(compareAt({ ...left, from: 'spelled' }, { ...right, from: 'spelled' }, { key: ['no'] })).rejects.toThrow(
    /--key names no, which are not columns of both sides/u,
  )
})

it.each(['DuckDB', 'PostgreSQL'])(
  'tells what became of columns in %s, and compares other types as text',
  async (name) => {
    const place = sessions.get(name)!
    await place.connection.query('drop table if exists old_one')
    await place.connection.query('drop table if exists new_one')
    await place.connection.query(
      `create table old_one as select 1 as id, cast('{"a":1}' as json) as data, '7' as code, 1 as gone`,
    )
    await place.connection.query(
      `create table new_one as select 1 as id, cast('{"a":2}' as json) as data, 7 as code, 1 as come`,
    )
    const { columns, rows } = await compareAt(
      { ...place, from: 'old_one' },
      { ...place, from: 'new_one' },
      { key: ['id'] },
    )
    expect(columns.added.map((column) => column.name)).toEqual(['come'])
    expect(columns.removed.map((column) => column.name)).toEqual(['gone'])
    expect(columns.retyped.map((column) => column.name)).toEqual(['code'])
    expect(rows).toMatchObject({ changed: 1, changedColumns: { data: 1 } })
    expect(rows.sample).toEqual([
      { kind: 'changed', values: { id: 1 }, changes: { data: { before: '{"a":1}', after: '{"a":2}' } } },
    ])
  },
)

it('compares tables that have no column in common, or one that is named as nobody would', async () => {
  const place = sessions.get('DuckDB')!
  await place.connection.query('create table apples as select 1 as a, 2 as is_there union all select 2, 3')
  await place.connection.query('create table pears as select 1 as b')
  const sides = [
    { ...place, from: 'apples' },
    { ...place, from: 'pears' },
  ] as const
  expect((await compareAt(...sides, { key: ['a'], isKeyGiven: false })).rows).toMatchObject({ added: 1, removed: 2 })
  expect((await compareAt(sides[0], sides[0], { key: ['a'] })).rows).toMatchObject({ added: 0, removed: 0, changed: 0 })
})

function row(id: number, amount: number | null, name: string | null): Row {
  return { id, amount, name, ratio: 0.5 }
}

function rowsOf() {
  const one = fc.record({
    id: fc.integer({ min: -5, max: 12 }),
    amount: fc.option(fc.integer({ min: 0, max: 3 })),
    name: fc.option(fc.constantFrom('', 'a', "o'b", 'ç')),
    ratio: fc.constantFrom(0, 0.1, 1e21, NaN),
  })
  return fc.uniqueArray(one, { selector: ({ id }) => id, maxLength: 12 })
}

/** What it should be, found by looking at every value. */
function difference(before: readonly Row[], after: readonly Row[]) {
  const earlier = new Map(before.map((one) => [one.id, one]))
  const both = after.flatMap((one) => (earlier.has(one.id) ? [[earlier.get(one.id)!, one] as const] : []))
  const columns = ['amount', 'name', 'ratio'] as const
  const counts = columns.map((name) => [name, both.filter(([a, b]) => !Object.is(a[name], b[name])).length] as const)
  return {
    note: undefined,
    before: before.length,
    after: after.length,
    added: after.length - both.length,
    removed: before.length - both.length,
    changed: both.filter(([a, b]) => columns.some((name) => !Object.is(a[name], b[name]))).length,
    changedColumns: Object.fromEntries(counts.filter(([, count]) => count > 0)),
  }
}

function total({ added, removed, changed }: ReturnType<typeof difference>): number {
  return added + removed + changed
}

let tables = 0

async function compare(
  [from, before]: readonly [string, readonly Row[]],
  [to, after]: readonly [string, readonly Row[]],
  options: Partial<CompareOptions>,
) {
  expect(places).toContain(from)
  return await compareAt(await tableOf(from, before), await tableOf(to, after), options)
}

async function tableOf(name: string, rows: readonly Row[]): Promise<ComparedRelation> {
  const place = sessions.get(name)!
  const table = `rows_${(tables += 1)}`
  const { connection, dialect } = place
  await connection.query(
    `create table ${table} (id integer, amount decimal(10, 2), name varchar(20), ratio double precision)`,
  )
  const literal = (value: SqlValue) => dialect.quoteLiteral(value)
  const values = rows.map(
    ({ id, amount, name: text, ratio }) => `(${[id, amount, text, ratio].map(literal).join(', ')})`,
  )
  if (rows.length > 0) await connection.query(`insert into ${table} values ${values.join(', ')}`)
  return { ...place, from: table }
}

async function compareAt(before: ComparedRelation, after: ComparedRelation, options: Partial<CompareOptions>) {
  const { signal } = new AbortController()
  return await compareRelations({ before, after, key: [], isKeyGiven: true, limit: 100, signal, ...options })
}
