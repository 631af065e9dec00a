select
    store_id,
    product_id,
    quantity,
    counted_at
from {{ source('sales', 'stock_levels') }}
