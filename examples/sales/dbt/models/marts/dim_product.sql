select
    products.product_id,
    products.product_uuid,
    products.sku,
    products.product_name,
    categories.category_name,
    departments.category_name as department_name,
    suppliers.supplier_name,
    suppliers.country_code as supplier_country_code,
    products.list_price,
    products.unit_cost,
    products.weight_grams,
    products.is_active,
    products.launched_on,
    products.discontinued_on
from {{ ref('stg_products') }} as products
left join {{ ref('stg_categories') }} as categories on categories.category_id = products.category_id
left join {{ ref('stg_categories') }} as departments on departments.category_id = categories.parent_id
left join {{ ref('stg_suppliers') }} as suppliers on suppliers.supplier_id = products.supplier_id
