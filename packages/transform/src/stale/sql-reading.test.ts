import { describe, expect, it } from 'vitest'
import { changingParts, otherRelations } from './sql-reading.ts'

describe('changingParts', () => {
  it.each([
    ['select now(), Random () from a', ['now()', 'random()']],
    ['select current_timestamp, a.current_date from a', ['current_timestamp']],
    [`select 'now()' as b, "random" -- now()\n /* random() */ from a`, []],
    ['select random, uuid from a', []],
    ['select age(a, b), age(a)', ['age()']],
    [`select * from read_csv('a.csv')`, ['read_csv()']],
    ['select $x$ now() $x$', []],
  ])('finds what differs each time in %s', (sql, found) => {
    expect(changingParts(sql)).toEqual(found)
  })
})

describe('otherRelations', () => {
  const known = ['db.shop.orders', 'db.shop.line items']

  it.each([
    ['select * from "db"."shop"."orders" o join shop."line items" using (id), orders', []],
    [
      'select * from raw.orders, b.c as d, (select 1 from e) left join f on true where g in (1, h)',
      ['raw.orders', 'b.c', 'e', 'f'],
    ],
    ['with a as (select 1), b (x, y) as materialized (select 1, 2) select * from a, b, c', ['c']],
    ['select extract(year from orders.at), trim(both from x), a is not distinct from b from orders', []],
    ['select * from generate_series(1, 2) as t, lateral unnest(x) u, values (1)', []],
    [`select * from 'rows.parquet'`, ['rows.parquet']],
    ['select a from orders group by a, b order by c, d', []],
  ])('finds what is not referred to in %s', (sql, found) => {
    expect(otherRelations(sql, known)).toEqual(found)
  })
})
