with days as (
    {{ days_between(var('first_day'), var('last_day')) }}
)

select
    cast(extract(year from date_day) * 10000 + extract(month from date_day) * 100 + extract(day from date_day) as integer) as date_key,
    date_day,
    cast(extract(year from date_day) as integer) as year_number,
    cast(extract(quarter from date_day) as integer) as quarter_number,
    cast(extract(month from date_day) as integer) as month_number,
    case extract(month from date_day)
        when 1 then 'January' when 2 then 'February' when 3 then 'March' when 4 then 'April'
        when 5 then 'May' when 6 then 'June' when 7 then 'July' when 8 then 'August'
        when 9 then 'September' when 10 then 'October' when 11 then 'November' when 12 then 'December'
    end as month_name,
    cast(date_trunc('month', date_day) as date) as month_start,
    {{ iso_week('date_day') }} as iso_week,
    {{ iso_weekday('date_day') }} as iso_weekday,
    case {{ iso_weekday('date_day') }}
        when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday' when 4 then 'Thursday'
        when 5 then 'Friday' when 6 then 'Saturday' when 7 then 'Sunday'
    end as weekday_name,
    {{ iso_weekday('date_day') }} in (6, 7) as is_weekend
from days
