select
    address_id,
    customer_id,
    kind as address_kind,
    street,
    postal_code,
    city_id,
    is_default,
    updated_at
from {{ source('sales', 'addresses') }}
