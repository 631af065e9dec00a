{{ config(materialized='view') }}

select
    dates.month_start,
    products.department_name,
    count(distinct sales.order_id) as order_count,
    sum(sales.quantity) as units_sold,
    sum(sales.net_amount) as revenue,
    sum(sales.net_amount - sales.cost_amount) as margin,
    sum(sales.refund_amount) as refunds
from {{ ref('fct_sales') }} as sales
join {{ ref('dim_date') }} as dates on dates.date_key = sales.date_key
join {{ ref('dim_product') }} as products on products.product_id = sales.product_id
where not sales.is_cancelled
group by dates.month_start, products.department_name
