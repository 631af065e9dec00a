select
    shipment_id,
    order_id,
    carrier,
    tracking_number,
    status as shipment_status,
    shipped_at,
    delivered_at,
    weight_grams,
    updated_at
from {{ source('sales', 'shipments') }}
