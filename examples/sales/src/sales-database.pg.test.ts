import { testServers } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { applySalesChanges, createSales, readSalesChecksum } from './sales-database.ts'

const servers = await testServers()

/** Sums over the whole company at scale 0.01 and seed 1, as generated and after twelve steps of changes. */
const SUM_AT_FIRST = '5a602d7cf5f8eb62'
const SUM_AFTER_CHANGES = '907505cabf98621b'

/** Each query finds rows that contradict its sentence. */
const contradictions: Record<string, string> = {
  'an order has items': `
    select order_id from sales.orders o where not exists (select from sales.order_items i where i.order_id = o.order_id)`,
  'the total of a line is its quantity times its price, less its discount': `
    select order_id from sales.order_items
    where line_total <> round(quantity * unit_price * (100 - discount_percent) / 100, 2) or line_total <= 0`,
  'the subtotal of an order is the sum of its lines': `
    select order_id from sales.orders o
    where subtotal <> (select sum(line_total) from sales.order_items i where i.order_id = o.order_id)`,
  'the total of an order is the sum of its parts': `
    select order_id from sales.orders
    where order_total <> subtotal - discount_total + shipping_total + tax_total or least(discount_total, shipping_total, tax_total) < 0`,
  'the payments of an order add up to its total': `
    select order_id from sales.orders o
    where order_total <> (select sum(amount) from sales.payments p where p.order_id = o.order_id)`,
  'no more comes back than was bought, and no more is refunded than was paid': `
    select return_id from sales.returns r join sales.order_items i using (order_id, line_number)
    where r.quantity not between 1 and i.quantity or refund_amount not between 0 and line_total`,
  'an order is sent after it was placed and arrives after it was sent': `
    select shipment_id from sales.shipments s join sales.orders o using (order_id)
    where s.shipped_at < o.ordered_at or s.delivered_at < s.shipped_at or (s.delivered_at is null) <> (s.status = 'in_transit')`,
  'an order has a shipment when it was sent, and none otherwise': `
    select order_id from sales.orders o
    where (channel <> 'shop' and status in ('shipped', 'delivered'))
      <> exists (select from sales.shipments s where s.order_id = o.order_id)`,
  'a shop serves its customers by its own people, online nobody does': `
    select order_id from sales.orders o join sales.stores s using (store_id) left join sales.employees e using (employee_id)
    where (s.kind = 'online') <> (e.employee_id is null) or e.store_id <> o.store_id or e.hired_on > o.ordered_at::date
      or (s.kind = 'online') <> (o.channel <> 'shop')`,
  'a parcel goes to an address of its customer': `
    select order_id from sales.orders o join sales.addresses a on a.address_id = o.shipping_address_id
    where a.customer_id <> o.customer_id`,
  'a customer has one default address': `
    select c.customer_id from sales.customers c left join sales.addresses a on a.customer_id = c.customer_id and a.is_default
    group by c.customer_id having count(a.address_id) <> 1`,
  'the prices of a product follow each other without a gap, the last one is in force': `
    select product_id from (
      select *, lead(valid_from) over (partition by product_id order by valid_from) as next_from from sales.price_history
    ) h join sales.products p using (product_id)
    where h.valid_to is distinct from h.next_from or (h.next_from is null and h.list_price <> p.list_price)`,
  'nothing was changed in the future': `
    select order_id from sales.orders where updated_at < ordered_at - interval '1 day' or updated_at > timestamptz '2026-02-01Z'`,
}

/** These hold for the company as generated; the change script sells at today's prices. */
const contradictionsAtFirst: Record<string, string> = {
  'a line has the price of the day': `
    select i.order_id from sales.order_items i join sales.orders o using (order_id) join sales.price_history h using (product_id)
    where (o.ordered_at at time zone 'UTC')::date >= h.valid_from
      and (h.valid_to is null or (o.ordered_at at time zone 'UTC')::date < h.valid_to) and i.unit_price <> h.list_price`,
  'a product is sold from its launch on': `
    select i.order_id from sales.order_items i join sales.orders o using (order_id) join sales.products p using (product_id)
    where (o.ordered_at at time zone 'UTC')::date < p.launched_on`,
  'a customer has signed up before the first order': `
    select o.order_id from sales.orders o join sales.customers c using (customer_id) where o.ordered_at < c.created_at`,
  'orders are numbered in the order of their days': `
    select order_id from (
      select order_id, (ordered_at at time zone 'UTC')::date as day,
        lead((ordered_at at time zone 'UTC')::date) over (order by order_id) as next_day
      from sales.orders
    ) o where next_day < day`,
}

describe.each(servers)('PostgreSQL $major', (server) => {
  let template: TestDatabase

  beforeAll(async () => {
    template = await server.createDatabase()
    await withClient(template, (client) => createSales(client))
  })

  afterAll(() => template.drop())

  it('generates the same company as every other version', async () => {
    expect(await withClient(template, sumOf)).toBe(SUM_AT_FIRST)
  })

  it('has ten orders and four times as many items for each thousandth of a percent', async () => {
    const counts = await withClient(template, async (client) =>
      Object.fromEntries((await readSalesChecksum(client)).map(({ tableName, rowCount }) => [tableName, rowCount])),
    )
    expect(counts).toMatchObject({
      orders: 10_000,
      order_items: 40_000,
      customers: 2_000,
      products: 200,
      countries: 24,
    })
    expect(Object.keys(counts)).toHaveLength(16)
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(20)
  })

  it('has every foreign key declared and checked', async () => {
    const rows = await rowsOf(template, `select convalidated from pg_constraint where contype = 'f'`)
    expect(rows).toHaveLength(22)
    expect(rows.every((row) => row['convalidated'] === true)).toBe(true)
  })

  it.each(Object.entries({ ...contradictions, ...contradictionsAtFirst }))('%s', async (_sentence, sql) => {
    expect(await rowsOf(template, `${sql} limit 3`)).toEqual([])
  })

  it('has seasons, weekdays and favourites', async () => {
    const [row] = await rowsOf(
      template,
      `select
        count(*) filter (where extract(month from day) in (11, 12)) * 1.0 / count(*) filter (where extract(month from day) in (1, 2)) as before_christmas,
        count(*) filter (where extract(isodow from day) = 6) * 1.0 / count(*) filter (where extract(isodow from day) = 7) as saturdays,
        count(*) filter (where extract(year from day) = 2025) * 1.0 / count(*) filter (where extract(year from day) = 2023) as growth,
        (select sum(n) from (select count(*) as n from sales.order_items group by product_id order by n desc limit 40) best)
          / (select count(*) from sales.order_items) as best_fifth
      from (select (ordered_at at time zone 'UTC')::date as day from sales.orders) o`,
    )
    expect(Number(row?.['before_christmas'])).toBeGreaterThan(1.8)
    expect(Number(row?.['saturdays'])).toBeGreaterThan(1.4)
    expect(Number(row?.['growth'])).toBeGreaterThan(1.4)
    expect(Number(row?.['best_fifth'])).toBeGreaterThan(0.4)
  })

  it('uses letters beyond ASCII, nulls, empty and nested values', async () => {
    const [row] = await rowsOf(
      template,
      `select
        (select count(*) from sales.customers where last_name ~ '[^\\x01-\\x7f]') > 0 as letters,
        (select count(*) from sales.customers where phone is null) > 0 as nulls,
        (select count(*) from sales.customers where tags = '{}') > 0 as empty_arrays,
        (select count(*) from sales.orders where note = '') > 0 as empty_texts,
        (select count(*) from sales.products where pg_column_size(description) > 2000) > 0 as long_texts,
        (select count(*) from sales.products where attributes ->> 'origin' is null) > 0 as json_nulls`,
    )
    expect(row).toEqual({
      letters: true,
      nulls: true,
      empty_arrays: true,
      empty_texts: true,
      long_texts: true,
      json_nulls: true,
    })
  })

  describe('after twelve steps of changes', () => {
    let changed: TestDatabase

    beforeAll(async () => {
      changed = await server.createDatabase({ template: template.name })
      await withClient(changed, async (client) => {
        for (let step = 1; step <= 12; step++) await applySalesChanges(client, { step })
      })
    })

    afterAll(() => changed.drop())

    it('is the same company as on every other version', async () => {
      expect(await withClient(changed, sumOf)).toBe(SUM_AFTER_CHANGES)
    })

    it.each(Object.entries(contradictions))('still: %s', async (_sentence, sql) => {
      expect(await rowsOf(changed, `${sql} limit 3`)).toEqual([])
    })

    it('has seen every kind of change', async () => {
      const [row] = await rowsOf(
        changed,
        `select
          (select count(*) from sales.customers where created_at >= '2026-01-01Z') as new_customers,
          (select count(*) from sales.orders where ordered_at >= '2026-01-01Z') as new_orders,
          10000 + 12 * 20 - (select count(*) from sales.orders) as deleted_orders,
          (select count(distinct line_number) from sales.order_items where line_number > 100) > 0 as new_line_numbers,
          (select count(*) from sales.addresses a where kind = 'billing' and address_id > customer_id) > 0 as new_address_numbers,
          (select count(*) from sales.products where description like '%Revised in step%') > 0 as revised_descriptions,
          (select count(*) from sales.products where updated_at >= '2026-01-01Z' and length(description) > 2500 and description not like '%Revised%') > 0 as kept_descriptions,
          (select min(counted_at) from sales.stock_levels) = timestamptz '2026-01-01 01:40:00Z' as counted_in_step_10`,
      )
      expect(row).toEqual({
        new_customers: '48',
        new_orders: '240',
        deleted_orders: '48',
        new_line_numbers: true,
        new_address_numbers: true,
        revised_descriptions: true,
        kept_descriptions: true,
        counted_in_step_10: true,
      })
    })
  })

  it('makes another company of another seed, and of another scale', async () => {
    await using database = await server.createDatabase()
    const sums = await withClient(database, async (client) => {
      const made: string[] = []
      for (const options of [
        { scale: 0.002, seed: 1 },
        { scale: 0.002, seed: 1 },
        { scale: 0.002, seed: 2 },
      ]) {
        await createSales(client, options)
        made.push(await sumOf(client))
        await client.query('drop schema sales, sales_gen cascade')
      }
      return made
    })
    expect(sums[1]).toBe(sums[0])
    expect(sums[2]).not.toBe(sums[0])
  })

  it('leaves a database alone in which the company already is', async () => {
    await using database = await server.createDatabase({ template: template.name })
    await withClient(database, async (client) => {
      await expect(createSales(client)).rejects.toThrow('schema "sales" already exists')
      expect(await sumOf(client)).toBe(SUM_AT_FIRST)
    })
  })
})

async function sumOf(client: Client): Promise<string> {
  const tables = await readSalesChecksum(client)
  const sum = tables.reduce((total, { checksum }, index) => total + BigInt(checksum) * BigInt(index + 1), 0n)
  return BigInt.asUintN(64, sum).toString(16)
}

async function rowsOf(database: TestDatabase, sql: string): Promise<Record<string, unknown>[]> {
  return withClient(database, async (client) => (await client.query<Record<string, unknown>>(sql)).rows)
}

async function withClient<Result>(database: TestDatabase, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: database.connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
