select
    return_id,
    order_id,
    line_number,
    quantity,
    reason,
    refund_amount,
    requested_on,
    received_at,
    is_restocked,
    updated_at
from {{ source('sales', 'returns') }}
