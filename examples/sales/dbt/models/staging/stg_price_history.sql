select
    product_id,
    valid_from,
    valid_to,
    list_price,
    reason,
    updated_at
from {{ source('sales', 'price_history') }}
