with addresses as (
    select customer_id, city_id
    from {{ ref('stg_addresses') }}
    where is_default
),

orders as (
    select
        customer_id,
        count(*) as order_count,
        min(ordered_on) as first_ordered_on,
        max(ordered_on) as last_ordered_on
    from {{ ref('stg_orders') }}
    where status <> 'cancelled'
    group by customer_id
)

select
    customers.customer_id,
    customers.customer_uuid,
    customers.customer_type,
    customers.first_name || ' ' || customers.last_name as customer_name,
    customers.company_name,
    customers.email,
    customers.loyalty_level,
    customers.accepts_marketing,
    customers.birth_date,
    cities.city_name,
    countries.country_code,
    countries.country_name,
    countries.region,
    {{ utc_date('customers.created_at') }} as signed_up_on,
    orders.first_ordered_on,
    orders.last_ordered_on,
    coalesce(orders.order_count, 0) as order_count,
    case
        when orders.order_count is null then 'none yet'
        when orders.order_count = 1 then 'once'
        when orders.order_count < 10 then 'regular'
        else 'frequent'
    end as buying_habit
from {{ ref('stg_customers') }} as customers
left join addresses on addresses.customer_id = customers.customer_id
left join {{ ref('stg_cities') }} as cities on cities.city_id = addresses.city_id
left join {{ ref('stg_countries') }} as countries on countries.country_code = cities.country_code
left join orders on orders.customer_id = customers.customer_id
