select
    employee_id,
    store_id,
    manager_id,
    first_name,
    last_name,
    job_title,
    hired_on,
    left_on,
    salary,
    commission_rate,
    updated_at
from {{ source('sales', 'employees') }}
