-- Indexes, foreign keys, sequences and statistics, once the rows are in.

create unique index on sales.customers (customer_uuid);
create unique index on sales.customers (email);
create index on sales.customers (updated_at);
create index on sales.addresses (customer_id);
create unique index on sales.categories (slug);
create unique index on sales.products (sku);
create unique index on sales.products (product_uuid);
create index on sales.products (category_id);
create unique index on sales.stores (code);
create unique index on sales.orders (order_number);
create index on sales.orders (customer_id);
create index on sales.orders (ordered_at);
create index on sales.orders (updated_at);
create index on sales.orders (status) where status in ('pending', 'paid', 'shipped');
create index on sales.order_items (product_id);
create index on sales.payments (order_id);
create index on sales.shipments (order_id);
create index on sales.returns (order_id, line_number);

alter table sales.cities add foreign key (country_code) references sales.countries;
alter table sales.addresses add foreign key (customer_id) references sales.customers on delete cascade;
alter table sales.addresses add foreign key (city_id) references sales.cities;
alter table sales.categories add foreign key (parent_id) references sales.categories;
alter table sales.suppliers add foreign key (country_code) references sales.countries;
alter table sales.products add foreign key (category_id) references sales.categories;
alter table sales.products add foreign key (supplier_id) references sales.suppliers;
alter table sales.stores add foreign key (city_id) references sales.cities;
alter table sales.employees add foreign key (store_id) references sales.stores;
alter table sales.employees add foreign key (manager_id) references sales.employees;
alter table sales.orders add foreign key (customer_id) references sales.customers;
alter table sales.orders add foreign key (store_id) references sales.stores;
alter table sales.orders add foreign key (employee_id) references sales.employees;
alter table sales.orders add foreign key (shipping_address_id) references sales.addresses on update cascade;
alter table sales.order_items add foreign key (order_id) references sales.orders on delete cascade;
alter table sales.order_items add foreign key (product_id) references sales.products;
alter table sales.payments add foreign key (order_id) references sales.orders on delete cascade;
alter table sales.shipments add foreign key (order_id) references sales.orders on delete cascade;
alter table sales.returns
  add foreign key (order_id, line_number) references sales.order_items on update cascade on delete cascade;
alter table sales.price_history add foreign key (product_id) references sales.products;
alter table sales.stock_levels add foreign key (store_id) references sales.stores;
alter table sales.stock_levels add foreign key (product_id) references sales.products;

select setval('sales.customers_customer_id_seq', (select max(customer_id) from sales.customers));
select setval('sales.addresses_address_id_seq', (select max(address_id) from sales.addresses));
select setval('sales.orders_order_id_seq', (select max(order_id) from sales.orders));
select setval('sales.payments_payment_id_seq', (select max(payment_id) from sales.payments));
select setval('sales.shipments_shipment_id_seq', (select max(shipment_id) from sales.shipments));
select setval('sales.returns_return_id_seq', greatest(1, (select max(return_id) from sales.returns)));

analyze sales.countries, sales.cities, sales.customers, sales.addresses, sales.categories, sales.suppliers, sales.products, sales.stores,
  sales.employees, sales.orders, sales.order_items, sales.payments, sales.shipments, sales.returns, sales.price_history, sales.stock_levels;
