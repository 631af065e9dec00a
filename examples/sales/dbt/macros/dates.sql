{# What warehouses write differently about dates: DuckDB and PostgreSQL in one way, Snowflake in its own. #}

{% macro utc_date(moment) %}{{ adapter.dispatch('utc_date')(moment) }}{% endmacro %}

{% macro default__utc_date(moment) %}cast({{ moment }} at time zone 'UTC' as date){% endmacro %}

{% macro snowflake__utc_date(moment) %}to_date(convert_timezone('UTC', {{ moment }})){% endmacro %}


{% macro iso_week(day) %}{{ adapter.dispatch('iso_week')(day) }}{% endmacro %}

{% macro default__iso_week(day) %}cast(extract(week from {{ day }}) as integer){% endmacro %}

{% macro snowflake__iso_week(day) %}weekiso({{ day }}){% endmacro %}


{% macro iso_weekday(day) %}{{ adapter.dispatch('iso_weekday')(day) }}{% endmacro %}

{% macro default__iso_weekday(day) %}cast(extract(isodow from {{ day }}) as integer){% endmacro %}

{% macro snowflake__iso_weekday(day) %}dayofweekiso({{ day }}){% endmacro %}


{# A query of all days from the first to the last, as `date_day`. #}
{% macro days_between(first, last) %}{{ adapter.dispatch('days_between')(first, last) }}{% endmacro %}

{% macro default__days_between(first, last) %}
    select cast(moment as date) as date_day
    from generate_series(
        cast('{{ first }}' as timestamp),
        cast('{{ last }}' as timestamp),
        interval '1 day'
    ) as series (moment)
{% endmacro %}

{#- A generator makes a fixed number of rows: a century of days, of which those that are wanted stay. -#}
{% macro snowflake__days_between(first, last) %}
    select dateadd(day, row_number() over (order by null) - 1, cast('{{ first }}' as date)) as date_day
    from table(generator(rowcount => 36525))
    qualify date_day <= cast('{{ last }}' as date)
{% endmacro %}
