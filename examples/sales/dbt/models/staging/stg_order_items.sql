select
    -- One number for the two columns of the key; an order has fewer than a thousand lines.
    order_id * 1000 + line_number as order_item_id,
    order_id,
    line_number,
    product_id,
    quantity,
    unit_price,
    discount_percent,
    line_total,
    updated_at
from {{ source('sales', 'order_items') }}
