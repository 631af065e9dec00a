select
    category_id,
    parent_id,
    name as category_name,
    slug,
    updated_at
from {{ source('sales', 'categories') }}
