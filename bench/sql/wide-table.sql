-- Sixteen columns of the kinds that orders tables have, NULLs in six of them; about 280 bytes a row as COPY sends it.
-- Deterministic: every value is computed from the row's number. :rows stands for the number of rows.
create table wide as
select
    i as id,
    (i * 7919 % 1000000)::int as customer_id,
    (array['new', 'paid', 'shipped', 'delivered', 'cancelled', 'returned'])[1 + i % 6]::varchar(16) as status,
    ((i * 104729 % 1000000)::numeric / 100)::numeric(12, 2) as amount,
    case when i % 7 <> 0 then ((i * 1299709 % 100000)::numeric / 100)::numeric(12, 2) end as tax,
    case when i % 5 <> 0 then 'note for order ' || i || ' ' || repeat(md5(i::text), 1 + (i % 3)::int) end as note,
    'user' || i % 1000000 || '@example.com' as email,
    timestamptz '2024-01-01 00:00:00+00' + i * interval '1 second' as created_at,
    case when i % 3 <> 0 then timestamptz '2025-01-01 00:00:00+00' - (i % 100000) * interval '1 minute' end as updated_at,
    case when i % 10 <> 0 then date '2024-01-01' + (i % 700)::int end as ship_date,
    i % 2 = 0 as paid,
    md5('order ' || i)::uuid as uid,
    case when i % 4 <> 0 then jsonb_build_object('k', i % 100, 'tags', jsonb_build_array('a', 'b', i % 10), 'src', 'web') end as meta,
    case when i % 11 <> 0 then (i * 15485863 % 1000000007)::float8 / 1009 end as score,
    (i % 50)::smallint as qty,
    (array['US', 'DE', 'FR', 'IN', 'BR', 'JP', 'GB'])[1 + i % 7]::varchar(2) as country
from generate_series(1::bigint, :rows) as s(i);
alter table wide add primary key (id);
alter table wide alter customer_id set not null, alter status set not null, alter amount set not null,
    alter email set not null, alter created_at set not null, alter paid set not null, alter uid set not null,
    alter qty set not null, alter country set not null;
