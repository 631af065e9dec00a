select
    supplier_id,
    name as supplier_name,
    country_code,
    contact_email,
    rating,
    is_active,
    updated_at
from {{ source('sales', 'suppliers') }}
