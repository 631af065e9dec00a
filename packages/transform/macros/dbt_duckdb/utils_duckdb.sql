{#- DuckDB's forms of the functions in dbt/utils_*.sql. The white space of the bodies is dbt-duckdb's. -#}

{% macro duckdb__any_value(expression) -%}

    arbitrary({{ expression }})

{%- endmacro %}

{% macro duckdb__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    {% if limit_num -%}
    list_aggr(
        (array_agg(
            {{ measure }}
            {% if order_by_clause -%}
            {{ order_by_clause }}
            {%- endif %}
        ))[1:{{ limit_num }}],
        'string_agg',
        {{ delimiter_text }}
        )
    {%- else %}
    string_agg(
        {{ measure }},
        {{ delimiter_text }}
        {% if order_by_clause -%}
        {{ order_by_clause }}
        {%- endif %}
        )
    {%- endif %}
{%- endmacro %}

{% macro duckdb__split_part(string_text, delimiter_text, part_number) %}
    string_split({{ string_text }}, {{ delimiter_text }})[ {{ part_number }} ]
{% endmacro %}

{% macro duckdb__date(year, month, day) -%}
    make_date({{ year }}, {{ month }}, {{ day }})
{%- endmacro %}

{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %}

    {# A multiple of an interval of one unit, because the number may be an expression; DuckDB has no unit `quarter`. #}
    {%- set unit = datepart | lower -%}
    {%- set number = 'cast(' ~ interval ~ ' as bigint)' -%}
    {%- if unit == 'quarter' -%}
        ({{ from_date_or_timestamp }} + ({{ number }} * 3) * interval 1 month)
    {%- elif unit == 'week' -%}
        ({{ from_date_or_timestamp }} + ({{ number }} * 7) * interval 1 day)
    {%- else -%}
        ({{ from_date_or_timestamp }} + {{ number }} * interval 1 {{ unit }})
    {%- endif -%}

{% endmacro %}

{#- Weeks are counted from Sunday to Sunday, as on the other warehouses, and not as DuckDB counts them. -#}
{% macro duckdb__datediff(first_date, second_date, datepart) -%}
    {% if datepart == 'week' %}
            ({{ datediff(first_date, second_date, 'day') }} // 7 + case
            when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
                case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
            else
                case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
        end)
    {% else %}
        (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
    {% endif %}
{%- endmacro %}

{% macro duckdb__last_day(date, datepart) -%}

    {%- if datepart == 'quarter' -%}
    -- duckdb dateadd does not support quarter interval.
    cast(
        {{ dbt.dateadd('day', '-1', dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))) }}
        as date)
    {%- else -%}
    {{ dbt.default_last_day(date, datepart) }}
    {%- endif -%}

{%- endmacro %}

{% macro duckdb__generate_series(upper_bound) %}
    select
        generate_series as generated_number
    from generate_series(1, {{ upper_bound }})
{% endmacro %}

{#- A setting that may be one text or a list of texts, as a list. -#}
{% macro normalize_string_or_list(raw, field_name) -%}
  {%- if raw is none -%}
    {{ return([]) }}
  {%- endif -%}
  {%- if raw is mapping or raw is not sequence -%}
    {{ exceptions.raise_compiler_error(field_name ~ ' must be a list of strings or a string') }}
  {%- endif -%}
  {%- set items = [raw] if raw is string else raw | list -%}
  {%- for item in items if item is not string -%}
    {{ exceptions.raise_compiler_error(field_name ~ ' list values must be non-empty strings') }}
  {%- endfor -%}
  {{ return(items) }}
{%- endmacro %}
