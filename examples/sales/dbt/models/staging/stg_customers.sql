select
    customer_id,
    customer_uuid,
    customer_type,
    first_name,
    last_name,
    company_name,
    email,
    phone,
    birth_date,
    loyalty_level,
    accepts_marketing,
    created_at,
    updated_at
from {{ source('sales', 'customers') }}
