-- Fills the tables. Three years of trade, 2023 to 2025, growing, with seasons, weekdays and a Black Friday.
-- Run after schema.sql and functions.sql, in one transaction: the temporary tables live until its end.
-- The second argument of sales_gen.hash is a salt: each attribute has its own, so that attributes are independent.

set local timezone = 'UTC';
set local work_mem = '128MB';
set local jit = off;

-- Places ---------------------------------------------------------------------------------------------------------

insert into sales.countries (country_code, name, region, local_currency, vat_percent, updated_at)
select code, name, region::sales.region, currency, vat, timestamptz '2022-12-01 00:00:00Z'
from (
  values
    ('AT', 'Austria', 'west', 'EUR', 20.00), ('BE', 'Belgium', 'west', 'EUR', 21.00),
    ('BG', 'Bulgaria', 'east', 'BGN', 20.00), ('CH', 'Switzerland', 'west', 'CHF', 8.10),
    ('CZ', 'Czechia', 'east', 'CZK', 21.00), ('DE', 'Germany', 'west', 'EUR', 19.00),
    ('DK', 'Denmark', 'north', 'DKK', 25.00), ('EE', 'Estonia', 'north', 'EUR', 22.00),
    ('ES', 'Spain', 'south', 'EUR', 21.00), ('FI', 'Finland', 'north', 'EUR', 25.50),
    ('FR', 'France', 'west', 'EUR', 20.00), ('GB', 'United Kingdom', 'north', 'GBP', 20.00),
    ('GR', 'Greece', 'south', 'EUR', 24.00), ('HU', 'Hungary', 'east', 'HUF', 27.00),
    ('IE', 'Ireland', 'north', 'EUR', 23.00), ('IT', 'Italy', 'south', 'EUR', 22.00),
    ('NL', 'Netherlands', 'west', 'EUR', 21.00), ('NO', 'Norway', 'north', 'NOK', 25.00),
    ('PL', 'Poland', 'east', 'PLN', 23.00), ('PT', 'Portugal', 'south', 'EUR', 23.00),
    ('RO', 'Romania', 'east', 'RON', 19.00), ('SE', 'Sweden', 'north', 'SEK', 25.00),
    ('SI', 'Slovenia', 'south', 'EUR', 22.00), ('SK', 'Slovakia', 'east', 'EUR', 23.00)
) as country (code, name, region, currency, vat);

insert into sales.cities (city_id, country_code, name, time_zone, population_thousands, updated_at)
select
  row_number() over (order by country.ordinal, city.ordinal),
  country.code,
  split_part(city.entry, ':', 1),
  country.time_zone,
  split_part(city.entry, ':', 2)::integer,
  timestamptz '2022-12-01 00:00:00Z'
from (
  values
    (1, 'AT', 'Europe/Vienna', 'Wien:1980,Graz:292,Linz:210,Salzburg:156,Innsbruck:131'),
    (2, 'BE', 'Europe/Brussels', 'Bruxelles:1220,Antwerpen:530,Gent:265,Liège:195,Brugge:119'),
    (3, 'BG', 'Europe/Sofia', 'Sofia:1240,Plovdiv:346,Varna:336,Burgas:202'),
    (4, 'CH', 'Europe/Zurich', 'Zürich:430,Genève:203,Basel:176,Lausanne:141,Bern:134,Luzern:83'),
    (5, 'CZ', 'Europe/Prague', 'Praha:1360,Brno:396,Ostrava:283,Plzeň:181,Olomouc:101'),
    (6, 'DE', 'Europe/Berlin', 'Berlin:3760,Hamburg:1890,München:1510,Köln:1080,Frankfurt am Main:773,Stuttgart:633,Düsseldorf:629,Leipzig:616,Dortmund:593,Bremen:577,Dresden:563,Hannover:545,Nürnberg:523'),
    (7, 'DK', 'Europe/Copenhagen', 'København:660,Aarhus:290,Odense:183,Aalborg:121'),
    (8, 'EE', 'Europe/Tallinn', 'Tallinn:453,Tartu:97,Narva:53'),
    (9, 'ES', 'Europe/Madrid', 'Madrid:3330,Barcelona:1660,Valencia:807,Sevilla:684,Zaragoza:682,Málaga:592,Bilbao:346,A Coruña:247'),
    (10, 'FI', 'Europe/Helsinki', 'Helsinki:674,Espoo:314,Tampere:255,Turku:202,Oulu:214'),
    (11, 'FR', 'Europe/Paris', 'Paris:2110,Marseille:877,Lyon:520,Toulouse:511,Nice:353,Nantes:325,Montpellier:307,Strasbourg:291,Bordeaux:265,Lille:238,Rennes:225'),
    (12, 'GB', 'Europe/London', 'London:8870,Birmingham:1160,Glasgow:635,Leeds:536,Liverpool:500,Sheffield:500,Manchester:568,Edinburgh:514,Bristol:479,Cardiff:372,Belfast:348'),
    (13, 'GR', 'Europe/Athens', 'Αθήνα:643,Θεσσαλονίκη:309,Πάτρα:168,Ηράκλειο:163'),
    (14, 'HU', 'Europe/Budapest', 'Budapest:1680,Debrecen:199,Szeged:157,Miskolc:145,Pécs:139'),
    (15, 'IE', 'Europe/Dublin', 'Dublin:592,Cork:224,Limerick:102,Galway:86'),
    (16, 'IT', 'Europe/Rome', 'Roma:2750,Milano:1350,Napoli:909,Torino:841,Palermo:630,Genova:558,Bologna:387,Firenze:360,Bari:316,Catania:301,Verona:255,Venezia:250'),
    (17, 'NL', 'Europe/Amsterdam', 'Amsterdam:921,Rotterdam:664,Den Haag:562,Utrecht:368,Eindhoven:246,Groningen:238'),
    (18, 'NO', 'Europe/Oslo', 'Oslo:709,Bergen:291,Trondheim:212,Stavanger:149,Tromsø:78'),
    (19, 'PL', 'Europe/Warsaw', 'Warszawa:1860,Kraków:804,Wrocław:674,Łódź:655,Poznań:541,Gdańsk:486,Szczecin:391,Lublin:330'),
    (20, 'PT', 'Europe/Lisbon', 'Lisboa:546,Porto:232,Braga:193,Coimbra:141,Faro:68'),
    (21, 'RO', 'Europe/Bucharest', 'București:1720,Cluj-Napoca:287,Iași:272,Timișoara:251,Constanța:264'),
    (22, 'SE', 'Europe/Stockholm', 'Stockholm:985,Göteborg:604,Malmö:363,Uppsala:242,Västerås:159,Umeå:133'),
    (23, 'SI', 'Europe/Ljubljana', 'Ljubljana:285,Maribor:96,Celje:37'),
    (24, 'SK', 'Europe/Bratislava', 'Bratislava:476,Košice:227,Prešov:84,Žilina:81')
) as country (ordinal, code, time_zone, entries)
cross join unnest(string_to_array(country.entries, ',')) with ordinality as city (entry, ordinal);

-- One slot per 10,000 inhabitants: a slot drawn evenly is a city drawn by its size.
create temporary table gen_city_slot on commit drop as
select
  row_number() over (order by c.city_id, slot) - 1 as slot,
  c.city_id,
  c.country_code,
  k.region,
  k.vat_percent
from sales.cities c
join sales.countries k using (country_code)
cross join generate_series(1, greatest(1, c.population_thousands / 10)) as slot;

-- Trade over time ------------------------------------------------------------------------------------------------

-- How much is sold on each day, and from that which orders, which customers and which products it has brought.
create temporary table gen_day on commit drop as
with weighted as (
  select
    day_index,
    date '2023-01-01' + day_index as day,
    (
      (1000 + day_index)::bigint
      * (array[80, 82, 92, 96, 100, 98, 94, 92, 99, 106, 128, 165])[extract(month from date '2023-01-01' + day_index)::integer]
      * (array[96, 92, 94, 100, 118, 126, 74])[extract(isodow from date '2023-01-01' + day_index)::integer]
      * (90 + sales_gen.hash(day_index, 1) % 21)
      * case
          when to_char(date '2023-01-01' + day_index, 'MM-DD') in ('12-25', '12-26', '01-01') then 25
          -- Black Friday is the fourth Friday of November.
          when extract(month from date '2023-01-01' + day_index) = 11
            and extract(isodow from date '2023-01-01' + day_index) = 5
            and extract(day from date '2023-01-01' + day_index) between 22 and 28 then 240
          else 100
        end
    ) / 1000000 as weight
  from generate_series(0, date '2025-12-31' - date '2023-01-01') as day_index
),
accumulated as (
  select
    day_index,
    day,
    sum(weight) over (order by day_index)::bigint - weight as weight_before,
    sum(weight) over (order by day_index)::bigint as weight_until,
    sum(weight) over ()::bigint as weight_total
  from weighted
)
select
  a.day_index,
  a.day,
  extract(month from a.day)::integer as month,
  p.orders * a.weight_before / a.weight_total + 1 as first_order,
  p.orders * a.weight_until / a.weight_total as last_order,
  -- Two fifths of the customers and seven tenths of the products are older than the first day.
  (p.customers * 4 + p.customers * 6 * a.weight_before / a.weight_total) / 10 as customers_before,
  (p.customers * 4 + p.customers * 6 * a.weight_until / a.weight_total) / 10 as customers_until,
  (p.products * 7 + p.products * 3 * a.day_index / 1096) / 10 as products_until
from accumulated a
cross join sales_gen.parameters p;

-- Customers ------------------------------------------------------------------------------------------------------

create temporary table gen_customer on commit drop as
select
  signed_up.customer_id,
  signed_up.signup_day,
  slot.city_id,
  slot.country_code,
  slot.region,
  slot.vat_percent
from (
  select c as customer_id, date '2022-12-31' - (sales_gen.hash(c, 10) % 1400)::integer as signup_day
  from sales_gen.parameters p
  cross join generate_series(1, p.customers * 4 / 10) as c
  union all
  select c, d.day
  from gen_day d
  cross join generate_series(d.customers_before + 1, d.customers_until) as c
) signed_up
join gen_city_slot slot on slot.slot = sales_gen.hash(signed_up.customer_id, 11) % (select count(*) from gen_city_slot);

insert into sales.customers (
  customer_id, customer_uuid, customer_type, first_name, last_name, company_name, email, phone, birth_date,
  loyalty_level, accepts_marketing, preferences, tags, created_at, updated_at
)
select
  customer_id,
  sales_gen.uuid(customer_id, 12),
  case when is_business then 'business' else 'person' end::sales.customer_type,
  first_name,
  last_name,
  case when is_business then last_name || (array[' GmbH', ' S.A.', ' B.V.', ' AB', ' Ltd'])[1 + customer_id % 5] end,
  sales_gen.mailbox(first_name) || '.' || sales_gen.mailbox(last_name) || customer_id || '@example.com',
  case
    when sales_gen.hash(customer_id, 19) % 100 < 70
      then '+' || 30 + sales_gen.hash(customer_id, 20) % 19 || ' ' || lpad((sales_gen.hash(customer_id, 21) % 1000000000)::text, 9, '0')
  end,
  case
    when not is_business and sales_gen.hash(customer_id, 22) % 100 < 80
      then date '1940-01-01' + (sales_gen.hash(customer_id, 23) % 24000)::integer
  end,
  (array[0, 0, 0, 0, 0, 1, 1, 1, 2, 3]::smallint[])[1 + sales_gen.hash(customer_id, 24) % 10],
  sales_gen.hash(customer_id, 25) % 100 < 45,
  jsonb_build_object(
    'storefront', lower(country_code collate "C"),
    'newsletter', (array['never', 'monthly', 'weekly'])[1 + sales_gen.hash(customer_id, 26) % 3],
    'size', nullif(sales_gen.hash(customer_id, 27) % 12 + 34, 45)
  ),
  case sales_gen.hash(customer_id, 28) % 8
    when 0 then array['early bird']
    when 1 then array['gift buyer', 'newsletter']
    when 2 then array['vip']
    when 3 then array['price-sensitive']
    when 4 then array['comes back, "always"']
    else array[]::text[]
  end,
  created_at,
  created_at + (sales_gen.hash(customer_id, 30) % 2592000) * interval '1 second'
from (
  select
    customer_id,
    country_code,
    sales_gen.hash(customer_id, 17) % 100 < 8 as is_business,
    sales_gen.pick(sales_gen.first_names(), sales_gen.hash(customer_id, 18)) as first_name,
    sales_gen.pick(sales_gen.last_names(), sales_gen.hash(customer_id, 31)) as last_name,
    signup_day::timestamptz + (sales_gen.hash(customer_id, 29) % 86400) * interval '1 second' as created_at
  from gen_customer
) customer
order by customer_id;

-- Everybody has a billing address with the customer's own number, to which parcels go by default; three in ten have
-- a second address.
insert into sales.addresses (address_id, customer_id, kind, street, postal_code, city_id, is_default, updated_at)
select
  address_id,
  customer_id,
  case when is_first then 'billing' else 'shipping' end::sales.address_kind,
  sales_gen.pick(sales_gen.streets(), sales_gen.hash(address_id, 33)) || ' ' || 1 + sales_gen.hash(address_id, 34) % 140,
  lpad((sales_gen.hash(address_id, 35) % 100000)::text, 5, '0'),
  city_id,
  is_first,
  signup_day::timestamptz + (sales_gen.hash(address_id, 36) % 86400) * interval '1 second'
from (
  select customer_id as address_id, customer_id, city_id, signup_day, true as is_first
  from gen_customer
  union all
  select p.customers + row_number() over (order by c.customer_id), c.customer_id, slot.city_id, c.signup_day, false
  from gen_customer c
  cross join sales_gen.parameters p
  join gen_city_slot slot on slot.slot = sales_gen.hash(c.customer_id, 32) % (select count(*) from gen_city_slot)
  where sales_gen.hash(c.customer_id, 37) % 10 < 3
) address
order by address_id;

-- Goods ----------------------------------------------------------------------------------------------------------

-- Leaf categories with what a product is called, what it may cost (in euros), and when it sells best.
create temporary table gen_category on commit drop as
select
  department_ordinal * 100 as department_id,
  department,
  department_ordinal * 100 + row_number() over (partition by department_ordinal order by entry_ordinal) as category_id,
  row_number() over (order by department_ordinal, entry_ordinal) - 1 as leaf,
  split_part(entry, ':', 1) as name,
  split_part(entry, ':', 2) as noun,
  split_part(entry, ':', 3)::bigint as price_low,
  split_part(entry, ':', 4)::bigint as price_high,
  season
from (
  values
    (1, 'Electronics', 'winter', 'Headphones:Headphones:29:349,Phones:Smartphone:149:999,Cameras:Camera:199:1499,Computers:Laptop:399:1899,Smart Home:Smart Plug:15:129'),
    (2, 'Home', 'none', 'Kitchen:Pan Set:25:229,Furniture:Armchair:89:899,Lighting:Floor Lamp:29:279,Bedding:Duvet:35:249,Decoration:Vase:9:89'),
    (3, 'Garden', 'summer', 'Tools:Pruning Shears:9:79,Plants:Olive Tree:12:149,Barbecue:Charcoal Grill:49:599,Outdoor Furniture:Deck Chair:39:399,Watering:Garden Hose:15:119'),
    (4, 'Clothing', 'none', 'Jackets:Rain Jacket:49:299,Shoes:Sneakers:39:189,Shirts:Linen Shirt:19:99,Dresses:Summer Dress:29:179,Accessories:Leather Belt:15:89'),
    (5, 'Sports', 'summer', 'Cycling:Bike Helmet:29:199,Running:Running Shoes:59:219,Yoga:Yoga Mat:15:99,Swimming:Swim Goggles:9:59,Camping:Two-Person Tent:59:499'),
    (6, 'Toys', 'winter', 'Building Sets:Brick Castle:19:199,Board Games:Board Game:15:79,Puzzles:1000-Piece Puzzle:9:39,Dolls:Doll House:19:159,Model Trains:Steam Engine:39:349'),
    (7, 'Books', 'winter', 'Novels:Paperback:8:24,Children''s Books:Picture Book:7:22,Cookbooks:Cookbook:14:49,Travel:Travel Guide:12:32,Comics:Graphic Novel:10:39'),
    (8, 'Beauty', 'none', 'Skin Care:Face Cream:9:89,Perfume:Eau de Parfum:29:149,Hair Care:Shampoo:5:29,Make-up:Lipstick:7:39,Gift Sets:Gift Box:19:99')
) as department (department_ordinal, department, season, entries)
cross join unnest(string_to_array(entries, ',')) with ordinality as leaf (entry, entry_ordinal);

insert into sales.categories (category_id, parent_id, name, slug, updated_at)
select id, parent_id, name, replace(replace(lower(name collate "C"), ' ', '-'), '''', ''), timestamptz '2022-12-01 00:00:00Z'
from (
  select distinct department_id as id, null::bigint as parent_id, department as name from gen_category
  union all
  select category_id, department_id, name from gen_category
) category;

insert into sales.suppliers (supplier_id, name, country_code, contact_email, rating, is_active, terms, updated_at)
select
  s,
  sales_gen.pick(sales_gen.last_names(), sales_gen.hash(s, 38))
    || (array[' & Sons', ' Trading', ' Industries', ' Manufaktur', ' Frères', ' Group'])[1 + sales_gen.hash(s, 39) % 6],
  slot.country_code,
  case when s % 9 > 0 then 'orders' || s || '@supplier.example' end,
  nullif(sales_gen.hash(s, 40) % 6, 0),
  s % 20 > 0,
  jsonb_build_object('payment_days', (array[14, 30, 60])[1 + s % 3], 'incoterm', (array['DAP', 'EXW', 'FCA'])[1 + s / 3 % 3]),
  timestamptz '2022-12-01 00:00:00Z' + s * interval '1 hour'
from sales_gen.parameters p
cross join generate_series(1, p.suppliers) as s
join gen_city_slot slot on slot.slot = sales_gen.hash(s, 41) % (select count(*) from gen_city_slot);

-- Products by rank: the first are the oldest and sell best. Numbers are dealt out by a step that shares no factor with
-- their count, so that neighbours in rank are no neighbours in number.
create temporary table gen_product on commit drop as
select
  product_rank,
  1 + (product_rank * 1000003 + 17) % products as product_id,
  case
    when product_rank < products * 7 / 10 then -30 - (sales_gen.hash(product_rank, 42) % 1000)::integer
    else ((product_rank * 10 - products * 7) * 1096 / (products * 3))::integer
  end as launch_day,
  (150 + sales_gen.hash(product_rank, 43) % 120)::integer as price_days,
  c.category_id,
  c.noun,
  c.season,
  -- Skewed to the lower end of the category's range.
  100 * (c.price_low + sales_gen.skewed(sales_gen.hash(product_rank, 44), sales_gen.hash(product_rank, 45), c.price_high - c.price_low)) as base_cents
from sales_gen.parameters
cross join generate_series(0, products - 1) as product_rank
join gen_category c on c.leaf = sales_gen.hash(product_rank, 46) % 40;

-- The price of each product, from its launch on in periods of `price_days`; prices rise by about 2 % a period.
create temporary table gen_price on commit drop as
select
  p.product_rank,
  p.product_id,
  period,
  date '2023-01-01' + p.launch_day + period * p.price_days as valid_from,
  p.base_cents * (96 + 2 * period + sales_gen.hash(p.product_rank * 100 + period, 47) % 9) / 10000 * 100
    + (array[99, 95, 90, 49])[1 + p.product_rank % 4] as cents
from gen_product p
cross join generate_series(0, (1095 - p.launch_day) / p.price_days) as period;

insert into sales.price_history (product_id, valid_from, valid_to, list_price, reason, updated_at)
select
  product_id,
  valid_from,
  lead(valid_from) over (partition by product_id order by valid_from),
  sales_gen.euros(cents),
  case when period = 0 then 'launch' else (array['supplier price', 'season', 'competition'])[1 + sales_gen.hash(product_rank * 100 + period, 48) % 3] end,
  valid_from::timestamptz + interval '3 hours'
from gen_price;

insert into sales.products (
  product_id, product_uuid, sku, name, category_id, supplier_id, list_price, unit_cost, weight_grams, colors, attributes,
  description, is_active, launched_on, discontinued_on, updated_at
)
select
  product_id,
  sales_gen.uuid(product_rank, 49),
  category_id || '-' || lpad(product_id::text, 6, '0'),
  brand || ' ' || noun || ' ' || 10 * (1 + sales_gen.hash(product_rank, 55) % 90),
  category_id,
  1 + sales_gen.skewed(sales_gen.hash(product_rank, 56), sales_gen.hash(product_rank, 57), suppliers),
  sales_gen.euros(cents),
  sales_gen.euros(base_cents * (42 + sales_gen.hash(product_rank, 58) % 28) / 100),
  nullif(50 * (sales_gen.hash(product_rank, 59) % 200), 0),
  (array['black', 'white', 'blue', 'green', 'red', 'sand'])[1 + product_rank % 4 : 1 + product_rank % 4 + sales_gen.hash(product_rank, 60) % 3],
  jsonb_build_object(
    'brand', brand,
    'warranty_months', (array[12, 24, 36])[1 + sales_gen.hash(product_rank, 61) % 3],
    'dimensions_mm', jsonb_build_array(20 + sales_gen.hash(product_rank, 62) % 900, 20 + sales_gen.hash(product_rank, 63) % 900),
    'origin', case when product_rank % 7 > 0 then (array['PT', 'IT', 'PL', 'DE', 'CZ', 'RO'])[product_rank % 7] end
  ),
  case
    when product_rank % 10 = 0 then (
      select string_agg(
        'Chapter ' || part || '. ' || (array[
          'Made to last, and made to be mended when it does not.',
          'Our buyers looked at eleven makers before they chose this one.',
          'Wipe with a damp cloth; keep away from open fire and small dogs.',
          'Customers like it most for its weight: there is hardly any.',
          'The colour may differ a little from the picture, as colours do.'
        ])[1 + sales_gen.hash(product_rank * 100 + part, 64) % 5], ' ' order by part)
      from generate_series(1, 60) as part
    )
    else 'The ' || noun || ' by ' || brand || ' for every day.'
  end,
  true,
  launched_on,
  null,
  priced_at
from (
  select
    p.*,
    latest.cents,
    date '2023-01-01' + p.launch_day as launched_on,
    latest.valid_from::timestamptz + interval '3 hours' as priced_at,
    (array[
      'Alba', 'Aurora', 'Bergen', 'Corvo', 'Delta', 'Duna', 'Eclipse', 'Fjord', 'Gaia', 'Helio', 'Iris', 'Jura', 'Kiruna',
      'Lumen', 'Marea', 'Nord', 'Onda', 'Porto', 'Quercus', 'Rila', 'Solstice', 'Tatra', 'Umbra', 'Vela', 'Zephyr'
    ])[1 + sales_gen.hash(p.product_rank, 65) % 25] as brand
  from gen_product p
  join gen_price latest
    on latest.product_rank = p.product_rank and latest.period = (1095 - p.launch_day) / p.price_days
) product
cross join sales_gen.parameters
order by product_id;

-- Shops and people -----------------------------------------------------------------------------------------------

-- Stores 1 to 4 sell online, one for each region; the others stand in a city.
insert into sales.stores (store_id, code, name, kind, city_id, opened_on, closed_on, floor_area_m2, opening_hours, updated_at)
select
  ordinal,
  'WEB-' || upper(region::text collate "C"),
  'Online ' || initcap(region::text collate "C"),
  'online'::sales.store_kind,
  (select min(city_id) from gen_city_slot s where s.region = online.region),
  date '2015-03-01' + (ordinal * 100)::integer,
  null::date,
  null::bigint,
  null::jsonb,
  timestamptz '2022-12-01 00:00:00Z'
from unnest(enum_range(null::sales.region)) with ordinality as online (region, ordinal)
union all
select
  4 + shop,
  slot.country_code || '-' || lpad(shop::text, 3, '0'),
  c.name || ' ' || sales_gen.pick(sales_gen.streets(), sales_gen.hash(shop, 66)),
  case when shop % 6 = 0 then 'outlet' else 'shop' end::sales.store_kind,
  slot.city_id,
  date '2016-01-01' + (sales_gen.hash(shop, 67) % 2500)::integer,
  null,
  100 + sales_gen.hash(shop, 68) % 1900,
  jsonb_build_object('mon-fri', '09:00-20:00', 'sat', '09:00-20:00', 'sun', case when shop % 4 = 0 then '12:00-18:00' end),
  timestamptz '2022-12-01 00:00:00Z'
from sales_gen.parameters p
cross join generate_series(1, p.shops) as shop
join gen_city_slot slot on slot.slot = sales_gen.hash(shop, 69) % (select count(*) from gen_city_slot)
join sales.cities c using (city_id);

-- The first four of each store have been there since it opened; orders in the shop are taken by them.
create temporary table gen_employee on commit drop as
select
  row_number() over (order by s.store_id, place) as employee_id,
  s.store_id,
  place,
  s.opened_on
from sales.stores s
cross join lateral generate_series(0, 5 + sales_gen.hash(s.store_id, 70) % 6) as place;

insert into sales.employees (
  employee_id, store_id, manager_id, first_name, last_name, email, job_title, hired_on, left_on, salary, commission_rate,
  skills, updated_at
)
select
  employee_id,
  store_id,
  case when place > 0 then employee_id - place end,
  first_name,
  last_name,
  sales_gen.mailbox(first_name) || '.' || sales_gen.mailbox(last_name) || '.' || employee_id || '@sales.example',
  job_title,
  hired_on,
  case when place > 3 and sales_gen.hash(employee_id, 74) % 5 = 0 then date '2025-01-01' + (sales_gen.hash(employee_id, 9) % 300)::integer end,
  case job_title when 'Store Manager' then 52000 when 'Sales Advisor' then 31000 else 27000 end
    + 100 * (sales_gen.hash(employee_id, 8) % 80) + 0.5,
  case when job_title = 'Sales Advisor' then 0.0001 * (50 + sales_gen.hash(employee_id, 7) % 250) end,
  (array['cash desk', 'languages', 'repair', 'first aid', 'window dressing'])[1 + place % 4 : 1 + place % 4 + sales_gen.hash(employee_id, 6) % 3],
  hired_on::timestamptz + interval '9 hours'
from (
  select
    employee_id,
    store_id,
    place,
    sales_gen.pick(sales_gen.first_names(), sales_gen.hash(employee_id, 71)) as first_name,
    sales_gen.pick(sales_gen.last_names(), sales_gen.hash(employee_id, 72)) as last_name,
    case when place = 0 then 'Store Manager' when place <= 3 then 'Sales Advisor' else 'Stock Clerk' end as job_title,
    opened_on + case when place > 3 then (sales_gen.hash(employee_id, 73) % 800)::integer else 0 end as hired_on
  from gen_employee
) employee;

insert into sales.stock_levels (store_id, product_id, quantity, counted_at)
select
  s.store_id,
  1 + (s.store_id * 31 + k) % p.products,
  sales_gen.hash(s.store_id * 100 + k, 5) % 60,
  timestamptz '2025-12-31 22:00:00Z'
from sales.stores s
cross join sales_gen.parameters p
cross join generate_series(0, 49) as k
where s.kind <> 'online';

-- Orders ---------------------------------------------------------------------------------------------------------

create temporary table gen_country_shops on commit drop as
select c.country_code, array_agg(s.store_id order by s.store_id) as store_ids
from sales.stores s
join sales.cities c using (city_id)
where s.kind <> 'online'
group by c.country_code;

-- Everything about an order except its money, which follows from its items.
create temporary table gen_order on commit drop as
with chosen as (
  select
    order_id,
    d.day_index,
    d.day,
    d.month,
    d.products_until,
    1 + sales_gen.skewed(sales_gen.hash(order_id, 75), sales_gen.hash(order_id, 76), d.customers_before) as customer_id,
    sales_gen.hash(order_id, 77) % 100 as channel_draw
  from gen_day d
  cross join lateral generate_series(d.first_order, d.last_order) as order_id
),
placed as (
  select
    chosen.*,
    c.vat_percent,
    case
      when channel_draw < 45 and shops.store_ids is not null then 'shop'
      when channel_draw < 80 then 'web'
      when channel_draw < 96 then 'app'
      else 'phone'
    end::sales.order_channel as channel,
    shops.store_ids[1 + sales_gen.hash(customer_id, 78) % cardinality(shops.store_ids)] as shop_id,
    c.region
  from chosen
  join gen_customer c using (customer_id)
  left join gen_country_shops shops using (country_code)
),
timed as (
  select
    placed.*,
    case
      when channel = 'shop' then shop_id
      else array_position(enum_range(null::sales.region), region)
    end as store_id,
    (
      day::timestamp
      + (
        3600 * case
          when channel = 'shop' then (array[9, 10, 10, 11, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 17, 18, 18, 19])[1 + sales_gen.hash(order_id, 79) % 22]
          else (array[0, 1, 6, 7, 8, 8, 9, 9, 10, 10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 18, 19, 19, 19, 20, 20, 20, 20, 21, 21, 21, 22, 22, 23])[1 + sales_gen.hash(order_id, 80) % 33]
        end
        + sales_gen.hash(order_id, 81) % 3600
      ) * interval '1 second'
      + (sales_gen.hash(order_id, 82) % 1000000) * interval '1 microsecond'
    ) at time zone 'UTC' as ordered_at
  from placed
),
sent as (
  select
    timed.*,
    ordered_at + (43200 + sales_gen.hash(order_id, 83) % 172800) * interval '1 second' as shipped_at,
    ordered_at + (129600 + sales_gen.hash(order_id, 83) % 172800 + sales_gen.hash(order_id, 84) % 259200) * interval '1 second' as delivered_at
  from timed
)
select
  order_id,
  customer_id,
  store_id,
  channel,
  day_index,
  month,
  products_until,
  vat_percent,
  ordered_at,
  shipped_at,
  delivered_at,
  case
    when channel = 'shop' then 'delivered'
    when sales_gen.hash(order_id, 85) % 100 < 4 and ordered_at + interval '3 hours' < period_end then 'cancelled'
    when delivered_at < period_end then 'delivered'
    when shipped_at < period_end then 'shipped'
    when sales_gen.hash(order_id, 86) % 10 < 7 then 'paid'
    else 'pending'
  end::sales.order_status as status
from sent
cross join (values (timestamptz '2026-01-01 00:00:00Z')) as period (period_end);

analyze gen_order;
analyze gen_product;
analyze gen_price;

-- Ten orders in a row have 1, 1, 2, 2, 3, 3, 4, 5, 7 and 12 items, in an order of their own: four on average, exactly.
insert into sales.order_items (
  order_id, line_number, product_id, quantity, unit_price, discount_percent, line_total, updated_at
)
select
  line.order_id,
  line.line_number,
  price.product_id,
  line.quantity,
  sales_gen.euros(price.cents),
  line.discount_percent,
  sales_gen.euros((line.quantity * price.cents * (100 - line.discount_percent) + 50) / 100),
  line.ordered_at
from (
  select
    o.order_id,
    o.ordered_at,
    o.day_index,
    line_number,
    -- A product out of its season mostly gives way to a second choice.
    case
      when first_choice.season = 'summer' and o.month not between 4 and 9 and sales_gen.hash(o.order_id * 16 + line_number, 104) % 3 > 0
        or first_choice.season = 'winter' and o.month < 10 and sales_gen.hash(o.order_id * 16 + line_number, 104) % 3 = 0
        then sales_gen.skewed(sales_gen.hash(o.order_id * 16 + line_number, 102), sales_gen.hash(o.order_id * 16 + line_number, 103), o.products_until)
      else first_choice.product_rank
    end as product_rank,
    (array[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 6])[1 + sales_gen.hash(o.order_id * 16 + line_number, 105) % 20] as quantity,
    (array[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 10, 10, 15, 30])[1 + sales_gen.hash(o.order_id * 16 + line_number, 106) % 20] as discount_percent
  from gen_order o
  cross join lateral generate_series(
    1,
    (array[1, 1, 2, 2, 3, 3, 4, 5, 7, 12])[1 + (o.order_id + sales_gen.hash((o.order_id - 1) / 10, 99)) % 10]
  ) as line_number
  join gen_product first_choice
    on first_choice.product_rank = sales_gen.skewed(
      sales_gen.hash(o.order_id * 16 + line_number, 100), sales_gen.hash(o.order_id * 16 + line_number, 101), o.products_until
    )
) line
join gen_product p using (product_rank)
join gen_price price
  on price.product_rank = line.product_rank and price.period = (line.day_index - p.launch_day) / p.price_days;

insert into sales.orders (
  order_id, order_number, customer_id, store_id, employee_id, channel, status, ordered_at, shipping_address_id, subtotal,
  discount_total, shipping_total, tax_total, order_total, coupon_code, is_gift, note, metadata, updated_at
)
select
  order_id,
  'SO-' || to_char(ordered_at, 'YYYY') || '-' || lpad(order_id::text, 8, '0'),
  customer_id,
  store_id,
  first_employee_id + sales_gen.hash(order_id, 90) % 4,
  channel,
  status,
  ordered_at,
  case when channel <> 'shop' then customer_id end,
  subtotal,
  discount_total,
  shipping_total,
  tax_total,
  subtotal - discount_total + shipping_total + tax_total,
  coupon_code,
  sales_gen.hash(order_id, 91) % 100 < case when month = 12 then 30 else 6 end,
  case when sales_gen.hash(order_id, 92) % 100 < 3
    then (array['Please ring twice.', 'Leave with the neighbour, "Café Müller".', E'Two lines:\n\tsecond one indented', 'Für Oma 🎁', ''])[1 + sales_gen.hash(order_id, 93) % 5]
  end,
  case when channel in ('web', 'app') then
    jsonb_build_object(
      'device', (array['phone', 'laptop', 'tablet'])[1 + sales_gen.hash(order_id, 94) % 3],
      'campaign', case when sales_gen.hash(order_id, 95) % 4 = 0 then 'newsletter-' || month end
    )
  end,
  case status
    when 'pending' then ordered_at
    when 'paid' then ordered_at + interval '5 minutes'
    when 'shipped' then shipped_at
    when 'cancelled' then ordered_at + interval '3 hours'
    else case when channel = 'shop' then ordered_at else delivered_at end
  end
from (
  select
    discounted.*,
    shipping_total,
    round((subtotal - discount_total + shipping_total) * vat_percent / 100, 2) as tax_total
  from (
    select
      o.*,
      clerk.first_employee_id,
      items.subtotal,
      coupon.code as coupon_code,
      round(items.subtotal * coalesce(coupon.percent, 0) / 100, 2) as discount_total
    from gen_order o
    join (select order_id, sum(line_total) as subtotal from sales.order_items group by order_id) items using (order_id)
    left join (
      values (0, 'WELCOME10', 10), (1, 'SUMMER15', 15), (2, 'FRIENDS5', 5), (3, 'BIRTHDAY20', 20), (4, 'WELCOME10', 10)
    ) as coupon (draw, code, percent) on coupon.draw = sales_gen.hash(o.order_id, 96) % 40
    left join (
      select store_id, min(employee_id) as first_employee_id from gen_employee group by store_id
    ) clerk on clerk.store_id = o.store_id and o.channel = 'shop'
  ) discounted
  cross join lateral (
    select case when channel = 'shop' or subtotal - discount_total >= 60 then 0.00 else 4.90 end as shipping_total
  ) shipping
) priced
order by order_id;

-- What follows an order -------------------------------------------------------------------------------------------

-- One payment for an order has the order's number; where a gift card paid a part, the rest is a second payment.
insert into sales.payments (payment_id, order_id, method, status, amount, paid_at, provider_reference, details, updated_at)
select
  payment_id,
  order_id,
  method,
  status,
  amount,
  paid_at,
  case when method in ('card', 'paypal') then sales_gen.uuid(payment_id, 120) end,
  case method
    when 'card' then jsonb_build_object('brand', (array['visa', 'mastercard', 'maestro'])[1 + sales_gen.hash(payment_id, 125) % 3], 'last4', lpad((sales_gen.hash(payment_id, 126) % 10000)::text, 4, '0'))
    when 'invoice' then jsonb_build_object('due_days', 30)
  end,
  coalesce(paid_at, ordered_at)
from (
  select
    order_id + (part - 1) * orders as payment_id,
    order_id,
    ordered_at,
    case
      when is_split and part = 1 then 'gift_card'
      when channel = 'shop' then (array['card', 'card', 'cash'])[1 + sales_gen.hash(order_id, 127) % 3]
      else (array['card', 'card', 'paypal', 'paypal', 'invoice'])[1 + sales_gen.hash(order_id, 128) % 5]
    end::sales.payment_method as method,
    case
      when status = 'cancelled' then (array['refunded', 'failed'])[1 + order_id % 2]
      when status = 'pending' then 'authorized'
      else 'captured'
    end::sales.payment_status as status,
    case when not is_split then order_total when part = 1 then 25.00 else order_total - 25.00 end as amount,
    case when status <> 'pending' and (status <> 'cancelled' or order_id % 2 = 0) then ordered_at + interval '5 minutes' end as paid_at
  from (
    select *, order_total > 50 and sales_gen.hash(order_id, 129) % 100 < 3 as is_split from sales.orders
  ) o
  cross join sales_gen.parameters
  cross join lateral generate_series(1, case when is_split then 2 else 1 end) as part
) payment;

insert into sales.shipments (
  shipment_id, order_id, carrier, tracking_number, status, shipped_at, delivered_at, weight_grams, updated_at
)
select
  order_id,
  order_id,
  carrier,
  upper(substr(carrier, 1, 2) collate "C") || lpad((sales_gen.hash(order_id, 131) % 1000000000)::text, 9, '0'),
  case when status = 'shipped' then 'in_transit' else 'delivered' end::sales.shipment_status,
  shipped_at,
  case when status = 'delivered' then delivered_at end,
  case when order_id % 50 > 0 then 100 + sales_gen.hash(order_id, 132) % 12000 end,
  case when status = 'delivered' then delivered_at else shipped_at end
from (
  select *, (array['DHL', 'PostNord', 'DPD', 'GLS', 'Correos'])[1 + sales_gen.hash(order_id, 130) % 5] as carrier
  from gen_order
) o
where channel <> 'shop' and status in ('shipped', 'delivered');

-- Clothes come back three times as often as other goods.
insert into sales.returns (
  return_id, order_id, line_number, quantity, reason, refund_amount, requested_on, received_at, is_restocked, comment, updated_at
)
select
  row_number() over (order by order_id, line_number),
  order_id,
  line_number,
  returned,
  reason,
  round(line_total * returned / quantity, 2),
  requested_on,
  received_at,
  received_at is not null and reason <> 'damaged',
  case when draw % 5 = 0 then 'The ' || (array['zip', 'box', 'colour', 'cable', 'smell'])[1 + draw % 7 % 5] || ' is not what I expected.' end,
  coalesce(received_at, requested_on::timestamptz)
from (
  select
    i.*,
    1 + sales_gen.hash(i.order_id * 16 + i.line_number, 141) % i.quantity as returned,
    (enum_range(null::sales.return_reason))[1 + sales_gen.hash(i.order_id * 16 + i.line_number, 142) % 5] as reason,
    requested_on,
    case
      when sales_gen.hash(i.order_id * 16 + i.line_number, 143) % 20 > 0
        then requested_on::timestamptz + (200000 + sales_gen.hash(i.order_id * 16 + i.line_number, 144) % 400000) * interval '1 second'
    end as received_at,
    sales_gen.hash(i.order_id * 16 + i.line_number, 145) as draw
  from sales.order_items i
  join gen_order o using (order_id)
  join gen_product p using (product_id)
  cross join lateral (
    select
      (case when o.channel = 'shop' then o.ordered_at else o.delivered_at end)::date
        + (1 + sales_gen.hash(i.order_id * 16 + i.line_number, 146) % 14)::integer as requested_on
  ) request
  where o.status = 'delivered'
    and sales_gen.hash(i.order_id * 16 + i.line_number, 140) % 100 < case when p.category_id / 100 = 4 then 9 else 3 end
    and request.requested_on < date '2025-12-20'
) item;
