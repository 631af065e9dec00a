{#- Snowflake's forms of the functions in dbt/utils_*.sql. The white space of the bodies is dbt-snowflake's. -#}

{% macro snowflake__array_construct(inputs, data_type) -%}
    array_construct( {{ inputs | join(' , ') }} )
{%- endmacro %}

{% macro snowflake__bool_or(expression) -%}

    boolor_agg({{ expression }})

{%- endmacro %}

{#- Geometries have functions of their own where others have a cast. -#}
{% macro snowflake__cast(field, type) %}
    {% if type | upper == 'GEOGRAPHY' -%}
        to_geography({{ field }})
    {% elif type | upper == 'GEOMETRY' -%}
        to_geometry({{ field }})
    {% else -%}
        cast({{ field }} as {{ type }})
    {% endif -%}
{% endmacro %}

{#- try_cast reads text only, so a number becomes text before; nothing can be tried with the type variant. -#}
{% macro snowflake__safe_cast(field, type) %}
    {% if type | upper == 'GEOMETRY' -%}
        try_to_geometry({{ field }})
    {% elif type | upper == 'GEOGRAPHY' -%}
        try_to_geography({{ field }})
    {% elif type | upper != 'VARIANT' -%}
        {# a text #}
        {% set text = dbt.string_literal(field) if field is number else field %}
        try_cast({{ text }} as {{ type }})
    {% else -%}
        {{ adapter.dispatch('cast', 'dbt')(field, type) }}
    {% endif -%}
{% endmacro %}

{% macro snowflake__equals(expr1, expr2) -%}
{%- if adapter.behavior.enable_truthy_nulls_equals_macro.no_warn %}
    ({{ expr1 }} IS NOT DISTINCT FROM {{ expr2 }})
{%- else -%}
    ({{ expr1 }} = {{ expr2 }})
{%- endif %}
{%- endmacro %}

{% macro snowflake__escape_single_quotes(expression) -%}
{{ expression | replace("'", "\\'") }}
{%- endmacro %}

{#- Snowflake gives the last character for right(x, 0), others nothing. -#}
{% macro snowflake__right(string_text, length_expression) %}

    case when {{ length_expression }} = 0
        then ''
    else
        right(
            {{ string_text }},
            {{ length_expression }}
        )
    end

{%- endmacro %}

{#- `name = value` of a statement, or nothing where there is no value. -#}
{% macro optional(name, value, quote_char = '', equals_char = '= ') %}
{%- set closing = ')' if quote_char == '(' else quote_char -%}
{% if value is not none %}{{ name }} {{ equals_char }}{{ quote_char }}{{ value }}{{ closing }}{% endif %}
{% endmacro %}
