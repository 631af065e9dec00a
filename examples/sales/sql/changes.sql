-- One step of the company's life: every kind of change that replication has to carry. Which rows change and how follows
-- from the step's number and from the rows that are there, so the same steps in the same order always end in the same
-- state. Run one transaction for each step, counting up from 1:
--
--   begin;
--   select set_config('sales.step', '1', true);   -- the number of the step
--   select set_config('sales.batch', '20', true); -- how many orders it brings; default 20
--   \i changes.sql
--   commit;

set local timezone = 'UTC';

-- Orders move on: what was under way arrives, what was paid is sent, what was pending is paid or given up.
with arrived as (
  update sales.orders
  set status = 'delivered', updated_at = sales_gen.step_time()
  where order_id in (
    select order_id from sales.orders where status = 'shipped' order by order_id limit sales_gen.batch()
  )
  returning order_id
)
update sales.shipments s
set status = 'delivered', delivered_at = sales_gen.step_time(), updated_at = sales_gen.step_time()
from arrived
where s.order_id = arrived.order_id;

with sent as (
  update sales.orders
  set status = 'shipped', updated_at = sales_gen.step_time()
  where order_id in (
    select order_id from sales.orders where status = 'paid' order by order_id limit sales_gen.batch()
  )
  returning order_id
)
insert into sales.shipments (shipment_id, order_id, carrier, tracking_number, status, shipped_at, weight_grams, updated_at)
select
  order_id,
  order_id,
  'DHL',
  'DH' || lpad((sales_gen.hash(order_id, 131) % 1000000000)::text, 9, '0'),
  'in_transit',
  sales_gen.step_time(),
  case when order_id % 3 > 0 then 100 + sales_gen.hash(order_id, 132) % 12000 end,
  sales_gen.step_time()
from sent;

with decided as (
  update sales.orders
  set status = case when order_id % 9 = 0 then 'cancelled' else 'paid' end::sales.order_status, updated_at = sales_gen.step_time()
  where order_id in (
    select order_id from sales.orders where status = 'pending' order by order_id limit sales_gen.batch()
  )
  returning order_id, status
)
update sales.payments p
set
  status = case when decided.status = 'paid' then 'captured' else 'failed' end::sales.payment_status,
  paid_at = case when decided.status = 'paid' then sales_gen.step_time() end,
  updated_at = sales_gen.step_time()
from decided
where p.order_id = decided.order_id;

-- New customers come, each with an address.
with counted as (
  select (select max(customer_id) from sales.customers) as customer_id_max, (select max(address_id) from sales.addresses) as address_id_max
),
named as (
  select
    customer_id_max + n as customer_id,
    address_id_max + n as address_id,
    sales_gen.pick(sales_gen.first_names(), sales_gen.hash(customer_id_max + n, 18)) as first_name,
    sales_gen.pick(sales_gen.last_names(), sales_gen.hash(customer_id_max + n, 31)) as last_name
  from counted
  cross join generate_series(1, sales_gen.batch() / 5) as n
),
joined as (
  insert into sales.customers (
    customer_id, customer_uuid, customer_type, first_name, last_name, email, loyalty_level, accepts_marketing, preferences,
    tags, created_at, updated_at
  )
  select
    customer_id,
    sales_gen.uuid(customer_id, 12),
    'person',
    first_name,
    last_name,
    sales_gen.mailbox(first_name) || '.' || sales_gen.mailbox(last_name) || customer_id || '@example.com',
    0,
    customer_id % 2 = 0,
    jsonb_build_object('newsletter', 'monthly'),
    array['new', 'step ' || sales_gen.step()],
    sales_gen.step_time(),
    sales_gen.step_time()
  from named
)
insert into sales.addresses (address_id, customer_id, kind, street, postal_code, city_id, is_default, updated_at)
select
  address_id,
  customer_id,
  'billing',
  sales_gen.pick(sales_gen.streets(), sales_gen.hash(customer_id, 33)) || ' ' || 1 + sales_gen.hash(customer_id, 34) % 140,
  lpad((sales_gen.hash(customer_id, 35) % 100000)::text, 5, '0'),
  1 + sales_gen.hash(customer_id, 11) % (select max(city_id) from sales.cities),
  true,
  sales_gen.step_time()
from named;

-- New orders come in: pending online, finished at once in a shop.
with placed as materialized (
  select
    last.order_id + n as order_id,
    last.payment_id + n as payment_id,
    1 + sales_gen.skewed(sales_gen.hash(last.order_id + n, 75), sales_gen.hash(last.order_id + n, 76), last.customer_id) as customer_id,
    (1 + sales_gen.hash(last.order_id + n, 77) % case when n % 3 = 0 then last.store_id else 4 end)::integer as store_id
  from generate_series(1, sales_gen.batch()) as n
  cross join (
    select
      (select max(order_id) from sales.orders) as order_id,
      (select max(payment_id) from sales.payments) as payment_id,
      (select max(customer_id) from sales.customers) as customer_id,
      (select max(store_id) from sales.stores) as store_id
  ) last
),
lines as materialized (
  select
    p.order_id,
    line_number,
    product.product_id,
    product.list_price as unit_price,
    1 + sales_gen.hash(p.order_id * 16 + line_number, 105) % 3 as quantity
  from placed p
  cross join lateral generate_series(1, 1 + sales_gen.hash(p.order_id, 99) % 7) as line_number
  join sales.products product
    on product.product_id = 1 + sales_gen.hash(p.order_id * 16 + line_number, 100) % (select max(product_id) from sales.products)
),
priced as materialized (
  select
    p.*,
    s.kind = 'online' as is_online,
    a.address_id,
    clerk.employee_id,
    l.subtotal,
    round(l.subtotal * country.vat_percent / 100, 2) as tax_total
  from placed p
  join (select order_id, sum(quantity * unit_price) as subtotal from lines group by order_id) l using (order_id)
  join sales.stores s using (store_id)
  join sales.addresses a on a.customer_id = p.customer_id and a.is_default
  join sales.cities city on city.city_id = a.city_id
  join sales.countries country using (country_code)
  cross join lateral (select min(employee_id) as employee_id from sales.employees e where e.store_id = p.store_id) clerk
),
ordered as (
  insert into sales.orders (
    order_id, order_number, customer_id, store_id, employee_id, channel, status, ordered_at, shipping_address_id, subtotal,
    discount_total, shipping_total, tax_total, order_total, is_gift, metadata, updated_at
  )
  select
    order_id,
    'SO-2026-' || lpad(order_id::text, 8, '0'),
    customer_id,
    store_id,
    case when not is_online then employee_id end,
    case when is_online then 'web' else 'shop' end::sales.order_channel,
    case when is_online then 'pending' else 'delivered' end::sales.order_status,
    sales_gen.step_time() + (order_id % 1000) * interval '1 millisecond',
    case when is_online then address_id end,
    subtotal,
    0,
    0,
    tax_total,
    subtotal + tax_total,
    order_id % 11 = 0,
    case when is_online then jsonb_build_object('device', 'phone', 'step', sales_gen.step()) end,
    sales_gen.step_time()
  from priced
),
itemised as (
  insert into sales.order_items (order_id, line_number, product_id, quantity, unit_price, discount_percent, line_total, updated_at)
  select order_id, line_number, product_id, quantity, unit_price, 0, quantity * unit_price, sales_gen.step_time()
  from lines
)
insert into sales.payments (payment_id, order_id, method, status, amount, paid_at, provider_reference, updated_at)
select
  payment_id,
  order_id,
  case when is_online then 'paypal' else 'cash' end::sales.payment_method,
  case when is_online then 'authorized' else 'captured' end::sales.payment_status,
  subtotal + tax_total,
  case when not is_online then sales_gen.step_time() end,
  case when is_online then sales_gen.uuid(payment_id, 120) end,
  sales_gen.step_time()
from priced;

-- Some goods come back, never twice from one line.
insert into sales.returns (
  return_id, order_id, line_number, quantity, reason, refund_amount, requested_on, is_restocked, comment, updated_at
)
select
  (select max(return_id) from sales.returns) + row_number() over (order by i.order_id, i.line_number),
  i.order_id,
  i.line_number,
  i.quantity,
  'changed_mind',
  i.line_total,
  sales_gen.step_time()::date,
  false,
  null,
  sales_gen.step_time()
from (
  select distinct 1 + sales_gen.hash(sales_gen.step() * 1000 + n, 150) % (select max(order_id) from sales.orders) as order_id
  from generate_series(1, sales_gen.batch() / 4) as n
) drawn
join sales.orders o on o.order_id = drawn.order_id and o.status = 'delivered'
join sales.order_items i on i.order_id = o.order_id
where i.line_number = (select min(line_number) from sales.order_items first where first.order_id = i.order_id)
  and not exists (select from sales.returns r where r.order_id = i.order_id and r.line_number = i.line_number);

-- Prices change. The old price ends on the day on which the new one begins.
with changed as (
  update sales.products
  set
    list_price = round(list_price * (96 + sales_gen.hash(sales_gen.step() * 1000 + product_id, 151) % 12) / 100, 2) + 0.01,
    updated_at = sales_gen.step_time()
  where product_id in (
    select 1 + sales_gen.hash(sales_gen.step() * 1000 + n, 152) % (select max(product_id) from sales.products)
    from generate_series(1, 3) as n
  )
  returning product_id, list_price
),
ended as (
  update sales.price_history h
  set valid_to = sales_gen.step_time()::date, updated_at = sales_gen.step_time()
  from changed
  where h.product_id = changed.product_id and h.valid_to is null and h.valid_from < sales_gen.step_time()::date
)
insert into sales.price_history (product_id, valid_from, list_price, reason, updated_at)
select product_id, sales_gen.step_time()::date, list_price, 'competition', sales_gen.step_time()
from changed
on conflict (product_id, valid_from) do update
set list_price = excluded.list_price, reason = excluded.reason, updated_at = excluded.updated_at;

-- A product with a long description, kept outside the row: mostly another column changes and the description is not
-- written again, and every fourth time the description itself changes.
update sales.products
set
  weight_grams = coalesce(weight_grams, 0) + 1,
  description = case when sales_gen.step() % 4 = 0 then description || ' Revised in step ' || sales_gen.step() || '.' else description end,
  updated_at = sales_gen.step_time()
where product_id = (
  select product_id from sales.products where length(description) > 2500 order by sales_gen.hash(product_id, 153 + (sales_gen.step() % 20)::integer), product_id limit 1
);

-- Keys change: an address takes a new number, which its orders follow, and the lines of an order are counted anew, which
-- returns follow.
update sales.addresses
set address_id = (select max(address_id) from sales.addresses) + 1, updated_at = sales_gen.step_time()
where address_id = (
  select min(address_id) from sales.addresses
  where address_id >= 1 + sales_gen.hash(sales_gen.step(), 175) % (select max(address_id) from sales.addresses)
);

update sales.order_items
set line_number = line_number + 100, updated_at = sales_gen.step_time()
where order_id = 1 + sales_gen.hash(sales_gen.step(), 176) % (select max(order_id) from sales.orders)
  and line_number < 100;

-- Values become null and nulls become values; arrays and documents change inside.
update sales.customers
set
  phone = case when phone is null then '+351 ' || lpad(sales_gen.step()::text, 9, '0') end,
  birth_date = case when birth_date is null then date '1990-02-28' + sales_gen.step()::integer end,
  tags = case when cardinality(tags) > 4 then array[]::text[] else tags || ('step ' || sales_gen.step()) end,
  preferences = preferences || jsonb_build_object('step', sales_gen.step()),
  updated_at = sales_gen.step_time()
where customer_id in (
  select 1 + sales_gen.hash(sales_gen.step() * 1000 + n, 177) % (select max(customer_id) from sales.customers)
  from generate_series(1, 5) as n
);

update sales.suppliers
set is_active = not is_active, updated_at = sales_gen.step_time()
where supplier_id = 1 + sales_gen.hash(sales_gen.step(), 178) % (select max(supplier_id) from sales.suppliers);

-- Cancelled orders are deleted, and with them their items and payments.
delete from sales.orders
where order_id in (select order_id from sales.orders where status = 'cancelled' order by order_id limit sales_gen.batch() / 5);

-- The nightly count, every fifth step: the table is emptied as a whole and filled again.
do $$
begin
  if sales_gen.step() % 5 = 0 then
    truncate sales.stock_levels;
    insert into sales.stock_levels (store_id, product_id, quantity, counted_at)
    select
      s.store_id,
      1 + (s.store_id * 31 + sales_gen.step() + k) % p.products,
      sales_gen.hash(sales_gen.step() * 100000000 + s.store_id * 100 + k, 179) % 60,
      sales_gen.step_time()
    from sales.stores s
    cross join sales_gen.parameters p
    cross join generate_series(0, 49) as k
    where s.kind <> 'online';
  end if;
end
$$;

select setval('sales.customers_customer_id_seq', (select max(customer_id) from sales.customers));
select setval('sales.addresses_address_id_seq', (select max(address_id) from sales.addresses));
select setval('sales.orders_order_id_seq', (select max(order_id) from sales.orders));
select setval('sales.payments_payment_id_seq', (select max(payment_id) from sales.payments));
select setval('sales.shipments_shipment_id_seq', (select max(shipment_id) from sales.shipments));
select setval('sales.returns_return_id_seq', (select max(return_id) from sales.returns));
