-- The generator's only source of variety is a hash of whole numbers, written in bigint arithmetic that cannot overflow
-- and that every PostgreSQL version computes alike. random(), now() and the server's own hash functions are not used.
--
-- Parameters, set before this file runs:
--   select set_config('sales.scale', '0.01', false);  -- 1 means 1,000,000 orders; default 0.01
--   select set_config('sales.seed', '1', false);      -- another seed, another company; default 1

create table sales_gen.parameters as
select
  scale,
  seed,
  greatest(10, round(1000000 * scale))::bigint as orders,
  greatest(100, round(200000 * scale))::bigint as customers,
  greatest(200, least(10000, round(10000 * scale)))::bigint as products,
  greatest(24, least(400, round(200 * scale)))::bigint as shops,
  120::bigint as suppliers
from (
  select
    coalesce(nullif(current_setting('sales.scale', true), ''), '0.01')::numeric as scale,
    coalesce(nullif(current_setting('sales.seed', true), ''), '1')::bigint as seed
) settings;

create function sales_gen.cube(number bigint) returns bigint
language sql immutable parallel safe
return (number * number % 2147483579) * number % 2147483579;

-- The cube of a linear form modulo the prime 2147483579, of which cubing is a permutation because it leaves 2 when
-- divided by 3: neighbouring ids give unrelated results, which a linear form alone does not. Factor and offset depend on
-- the salt, so that two attributes of one row are independent. No product reaches 2^62. PostgreSQL inlines the function.
-- `id` counts from 0, `salt` lies between 0 and 200; the result lies between 0 and 2147483578.
do $$
begin
  execute format(
    $function$
      create function sales_gen.hash(id bigint, salt integer) returns bigint
      language sql immutable parallel safe
      return sales_gen.cube(((id %% 2147483579) * (1640531 + salt * 10000019::bigint) + salt * 7368787::bigint + %s) %% 2147483579)
    $function$,
    (select mod(abs(seed) * 7919 + 104729, 2147483579) from sales_gen.parameters)
  );
end
$$;

-- One of `size` ranks from 0, the low ones far more often: the first fifth is drawn in half of the cases.
create function sales_gen.skewed(first_hash bigint, second_hash bigint, size bigint) returns bigint
language sql immutable parallel safe
return (((first_hash >> 8) & 65535) * ((second_hash >> 8) & 65535) * size) >> 32;

create function sales_gen.pick(words text[], hash bigint) returns text
language sql immutable parallel safe
return words[1 + hash % cardinality(words)];

-- A uuid that looks like one of version 4; it takes five salts from the given one on.
create function sales_gen.uuid(id bigint, salt integer) returns uuid
language sql immutable parallel safe
return (
  lpad(to_hex(sales_gen.hash(id, salt)), 8, '0')
  || lpad(to_hex(sales_gen.hash(id, salt + 1) & 65535), 4, '0')
  || '4' || lpad(to_hex(sales_gen.hash(id, salt + 2) & 4095), 3, '0')
  || 'a' || lpad(to_hex(sales_gen.hash(id, salt + 3) & 4095), 3, '0')
  || lpad(to_hex(sales_gen.hash(id, salt + 4) * 131072 + (sales_gen.hash(id, salt + 3) >> 13)), 12, '0')
)::uuid;

-- Whole cents as euros.
create function sales_gen.euros(cents bigint) returns numeric
language sql immutable parallel safe
return cents * 0.01;

-- A name as it appears in an e-mail address. Letters beyond ASCII are mapped one by one and lower() is confined to
-- ASCII, because the server's locale decides about the rest.
create function sales_gen.mailbox(name text) returns text
language sql immutable parallel safe
return lower(
  translate(name, 'äáàâåãçčéèêëíïłñńøóöôõřšśßúüûýžÅÄÉÖØŁŠÜŽ ''.', 'aaaaaacceeeeiilnnooooorsssuuuyzaaeoolsuz') collate "C"
);

-- For changes.sql: the number of the step, how many orders a step brings, and the moment at which it happens.
create function sales_gen.step() returns bigint
language sql stable parallel safe
return current_setting('sales.step')::bigint;

create function sales_gen.batch() returns bigint
language sql stable parallel safe
return greatest(10, coalesce(nullif(current_setting('sales.batch', true), ''), '20')::bigint);

create function sales_gen.step_time() returns timestamptz
language sql stable parallel safe
return timestamptz '2026-01-01 00:00:00Z' + sales_gen.step() * interval '10 minutes';

-- 60 bits of a row's text.
create function sales_gen.digest(row_text text) returns bigint
language sql immutable parallel safe
return ('x' || substr(md5(row_text), 1, 15))::bit(60)::bigint;

-- One row for each table. The settings decide how values are written.
create function sales_gen.checksum() returns table (table_name text, row_count bigint, checksum text)
language sql stable
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set extra_float_digits = 1
as $$
  select * from (
    select 'countries' as table_name, count(*) as row_count, coalesce(sum(sales_gen.digest(t::text)), 0)::text as checksum from sales.countries t
    union all
    select 'cities', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.cities t
    union all
    select 'customers', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.customers t
    union all
    select 'addresses', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.addresses t
    union all
    select 'categories', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.categories t
    union all
    select 'suppliers', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.suppliers t
    union all
    select 'products', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.products t
    union all
    select 'stores', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.stores t
    union all
    select 'employees', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.employees t
    union all
    select 'orders', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.orders t
    union all
    select 'order_items', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.order_items t
    union all
    select 'payments', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.payments t
    union all
    select 'shipments', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.shipments t
    union all
    select 'returns', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.returns t
    union all
    select 'price_history', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.price_history t
    union all
    select 'stock_levels', count(*), coalesce(sum(sales_gen.digest(t::text)), 0)::text from sales.stock_levels t
  ) sums order by table_name collate "C"
$$;

-- Words ----------------------------------------------------------------------------------------------------------

create function sales_gen.first_names() returns text[] language sql immutable parallel safe
return array[
  'Ada', 'Aino', 'Alba', 'Amélie', 'Andrei', 'Anna', 'Antonio', 'Astrid', 'Beatriz', 'Björn', 'Camille', 'Carlos',
  'Chiara', 'Clara', 'Daan', 'David', 'Elena', 'Eleni', 'Emil', 'Emma', 'Erik', 'Eva', 'Felix', 'Filip', 'Francesca',
  'Freya', 'Giulia', 'Greta', 'Hanna', 'Henrik', 'Hugo', 'Ines', 'Ingrid', 'Ivan', 'Jakub', 'Jana', 'João', 'Jonas',
  'Julia', 'Karl', 'Katarzyna', 'Lars', 'Laura', 'Léa', 'Leon', 'Lina', 'Lotte', 'Louis', 'Lucía', 'Luca', 'Magnus',
  'Maja', 'Manon', 'Marco', 'Maria', 'Marie', 'Mateusz', 'Matteo', 'Mia', 'Mikkel', 'Milan', 'Nora', 'Oliver', 'Ondřej',
  'Oscar', 'Paula', 'Pavel', 'Pedro', 'Petra', 'Rafael', 'René', 'Sanne', 'Sara', 'Saoirse', 'Sofia', 'Sophie', 'Stefan',
  'Sven', 'Tereza', 'Theo', 'Thijs', 'Tomás', 'Valentina', 'Viktor', 'Wanda', 'Willem', 'Yannis', 'Zoë', 'Zuzana'
];

create function sales_gen.last_names() returns text[] language sql immutable parallel safe
return array[
  'Almeida', 'Andersen', 'Andersson', 'Bakker', 'Bauer', 'Becker', 'Berg', 'Bernard', 'Bianchi', 'Björklund', 'Colombo',
  'Costa', 'De Jong', 'De Vries', 'Dubois', 'Dvořák', 'Eriksson', 'Esposito', 'Fernández', 'Ferrari', 'Ferreira',
  'Fischer', 'García', 'Gonzalez', 'Gruber', 'Hansen', 'Hoffmann', 'Horváth', 'Ionescu', 'Jansen', 'Johansson', 'Kelly',
  'Keller', 'Korhonen', 'Kovač', 'Kowalski', 'Krüger', 'Lambert', 'Larsen', 'Laurent', 'Lefebvre', 'Lindqvist', 'López',
  'Marino', 'Martin', 'Martínez', 'Mayer', 'Meier', 'Moreau', 'Müller', 'Murphy', 'Nagy', 'Nielsen', 'Nieminen',
  'Novák', 'Nowak', 'O''Brien', 'Oliveira', 'Olsen', 'Papadopoulos', 'Pedersen', 'Petrov', 'Popescu', 'Pérez', 'Ricci',
  'Robert', 'Romano', 'Rossi', 'Rousseau', 'Russo', 'Ryan', 'Sánchez', 'Santos', 'Schmidt', 'Schneider', 'Schulz',
  'Silva', 'Simon', 'Smit', 'Sørensen', 'Svoboda', 'Szabó', 'Tamm', 'Van den Berg', 'Visser', 'Vogel', 'Wagner',
  'Weber', 'Wiśniewski', 'Wójcik', 'Zieliński', 'Zimmermann'
];

create function sales_gen.streets() returns text[] language sql immutable parallel safe
return array[
  'Abbey Road', 'Avenue de la Gare', 'Bahnhofstraße', 'Calle Mayor', 'Canal Street', 'Church Lane', 'Dorpsstraat',
  'Drottninggatan', 'Gartenweg', 'Hauptstraße', 'High Street', 'Hovedgaden', 'Kerkstraat', 'Kirchgasse', 'Lindenallee',
  'Main Street', 'Market Square', 'Mill Lane', 'Museumplein', 'Náměstí Míru', 'Park Avenue', 'Piazza Garibaldi',
  'Plaza de España', 'Quai des Brumes', 'Rua das Flores', 'Rue de l''Église', 'Rue Victor Hugo', 'Storgata',
  'Strada Nouă', 'ul. Długa', 'ul. Polna', 'Via Roma', 'Via Verdi', 'Waldstraße', 'Ziegelstraße'
];
