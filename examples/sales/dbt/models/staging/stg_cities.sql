select
    city_id,
    country_code,
    name as city_name,
    time_zone,
    population_thousands,
    updated_at
from {{ source('sales', 'cities') }}
