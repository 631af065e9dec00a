select
    product_id,
    product_uuid,
    sku,
    name as product_name,
    category_id,
    supplier_id,
    list_price,
    unit_cost,
    weight_grams,
    is_active,
    launched_on,
    discontinued_on,
    updated_at
from {{ source('sales', 'products') }}
