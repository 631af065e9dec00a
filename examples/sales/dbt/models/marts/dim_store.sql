with staff as (
    select store_id, count(*) as employee_count
    from {{ ref('stg_employees') }}
    where left_on is null
    group by store_id
)

select
    stores.store_id,
    stores.store_code,
    stores.store_name,
    stores.store_kind,
    cities.city_name,
    countries.country_code,
    countries.country_name,
    countries.region,
    stores.opened_on,
    stores.closed_on,
    stores.floor_area_m2,
    coalesce(staff.employee_count, 0) as employee_count
from {{ ref('stg_stores') }} as stores
left join {{ ref('stg_cities') }} as cities on cities.city_id = stores.city_id
left join {{ ref('stg_countries') }} as countries on countries.country_code = cities.country_code
left join staff on staff.store_id = stores.store_id
