select
    store_id,
    code as store_code,
    name as store_name,
    kind as store_kind,
    city_id,
    opened_on,
    closed_on,
    floor_area_m2,
    updated_at
from {{ source('sales', 'stores') }}
