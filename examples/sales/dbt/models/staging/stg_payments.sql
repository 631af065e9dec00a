select
    payment_id,
    order_id,
    method as payment_method,
    status as payment_status,
    amount,
    paid_at,
    updated_at
from {{ source('sales', 'payments') }}
