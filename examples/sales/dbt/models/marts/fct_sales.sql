{#
    One row for each line of an order. An order is rebuilt as a whole when anything about it has changed, so that lines
    which were renumbered or taken out do not stay behind. An order that is deleted in the source stays here; the
    company deletes only cancelled orders, and those count nothing.
#}
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='order_id') }}

with returned as (
    select
        order_id,
        line_number,
        sum(quantity) as quantity,
        sum(refund_amount) as refund_amount,
        max(updated_at) as updated_at
    from {{ ref('stg_returns') }}
    group by order_id, line_number
),

lines as (
    select
        items.order_item_id,
        items.order_id,
        items.line_number,
        items.product_id,
        items.quantity,
        items.unit_price,
        items.line_total,
        orders.order_number,
        orders.customer_id,
        orders.store_id,
        orders.employee_id,
        orders.channel,
        orders.status,
        orders.ordered_at,
        orders.ordered_on,
        products.unit_cost,
        coalesce(returned.quantity, 0) as returned_quantity,
        coalesce(returned.refund_amount, 0) as refund_amount,
        -- The last moment at which anything about the order changed.
        max(greatest(orders.updated_at, items.updated_at, coalesce(returned.updated_at, items.updated_at)))
            over (partition by items.order_id) as changed_at
    from {{ ref('stg_order_items') }} as items
    join {{ ref('stg_orders') }} as orders on orders.order_id = items.order_id
    join {{ ref('stg_products') }} as products on products.product_id = items.product_id
    left join returned on returned.order_id = items.order_id and returned.line_number = items.line_number
)

select
    order_item_id,
    order_id,
    line_number,
    order_number,
    cast(extract(year from ordered_on) * 10000 + extract(month from ordered_on) * 100 + extract(day from ordered_on) as integer) as date_key,
    customer_id,
    product_id,
    store_id,
    employee_id,
    channel,
    status,
    status = 'cancelled' as is_cancelled,
    ordered_at,
    case when status = 'cancelled' then 0 else quantity end as quantity,
    cast(case when status = 'cancelled' then 0 else quantity * unit_price end as decimal(18, 2)) as gross_amount,
    cast(case when status = 'cancelled' then 0 else line_total end as decimal(18, 2)) as net_amount,
    cast(case when status = 'cancelled' then 0 else quantity * unit_cost end as decimal(18, 2)) as cost_amount,
    cast(returned_quantity as integer) as returned_quantity,
    cast(refund_amount as decimal(18, 2)) as refund_amount,
    changed_at
from lines
{% if is_incremental() %}
-- Equal moments are taken again: a change may have been committed after the last run read others of the same moment.
where changed_at >= (select coalesce(max(changed_at), cast('1900-01-01 00:00:00+00' as timestamp with time zone)) from {{ this }})
{% endif %}
