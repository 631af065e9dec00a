select
    country_code,
    name as country_name,
    region,
    local_currency,
    vat_percent,
    updated_at
from {{ source('sales', 'countries') }}
