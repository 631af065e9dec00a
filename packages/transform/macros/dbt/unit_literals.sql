{#- The rows that a unit test gives or expects, as SQL. The white space of the bodies is dbt's. -#}

{#- One input of a unit test: its rows, with null for the columns that a row leaves out. -#}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
-- Fixture for {{ model.name }}
{% set default_row = {} %}

{%- if not column_name_to_data_types -%}
{#- Types come from the relation itself, or from the one of another target where that is deferred to. -#}
{%-   set relation = defer_relation if (defer_relation and not load_relation(this)) else this -%}
{%-   set column_name_to_data_types = {} -%}
{%-   set column_name_to_quoted = {} -%}
{%-   for column in adapter.get_columns_in_relation(relation) -%}
{%-     do column_name_to_data_types.update({column.name | lower: column.data_type}) -%}
{%-     do column_name_to_quoted.update({column.name | lower: column.quoted}) -%}
{%-   endfor -%}
{%- endif -%}

{%- if not column_name_to_data_types -%}
    {{ exceptions.raise_compiler_error("Not able to get columns for unit test '" ~ model.name ~ "' from relation " ~ this ~ " because the relation doesn't exist") }}
{%- endif -%}

{%- for column_name, column_type in column_name_to_data_types.items() -%}
    {%- do default_row.update({column_name: (safe_cast('null', column_type) | trim)}) -%}
{%- endfor -%}

{{ validate_fixture_rows(rows, row_number) }}

{%- for row in rows -%}
{%-   set full_row = default_row.copy() -%}
{%-   do full_row.update(format_row(row, column_name_to_data_types)) -%}
select
{%-   for column_name, column_value in full_row.items() %} {{ column_value }} as {{ column_name_to_quoted[column_name] }}{% if not loop.last -%}, {%- endif %}
{%-   endfor %}
{%-   if not loop.last %}
union all
{%    endif %}
{%- endfor -%}

{%- if (rows | length) == 0 -%}
    select
    {%- for column_name, column_value in default_row.items() %} {{ column_value }} as {{ column_name_to_quoted[column_name] }}{% if not loop.last -%},{%- endif %}
    {%- endfor %}
    limit 0
{%- endif -%}
{% endmacro %}

{#- What a unit test expects: only the columns that its rows name. -#}
{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) %}

{%- if (rows | length) == 0 -%}
    select * from dbt_internal_unit_test_actual
    limit 0
{%- else -%}
{%- for row in rows -%}
{%- set formatted_row = format_row(row, column_name_to_data_types) -%}
select
{%- for column_name, column_value in formatted_row.items() %} {{ column_value }} as {{ column_name_to_quoted[column_name] }}{% if not loop.last -%}, {%- endif %}
{%- endfor %}
{%- if not loop.last %}
union all
{% endif %}
{%- endfor -%}
{%- endif -%}

{% endmacro %}

{#- The values of a row as casts of literals, by column in small letters. -#}
{% macro format_row(row, column_name_to_data_types) -%}
  {%- set formatted_row = {} -%}
  {%- for given_name, value in row.items() -%}
    {%- set column_name = given_name | lower -%}
    {%- if column_name not in column_name_to_data_types -%}
      {%- set fixture = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" -%}
      {{ exceptions.raise_compiler_error(
        "Invalid column name: '" ~ column_name ~ "' in unit test fixture for " ~ fixture ~ "."
        "\nAccepted columns for " ~ fixture ~ " are: " ~ (column_name_to_data_types.keys() | list)
      ) }}
    {%- endif -%}
    {%- set type = column_name_to_data_types[column_name] -%}
    {#- Text is not cut to the length of the column's type: a test would pass that ought to fail. -#}
    {%- if value is string and 'varying' in type -%}
      {%- set type = type.split('(')[0] -%}
    {%- endif -%}
    {%- if value is string -%}
      {%- set literal = dbt.string_literal(dbt.escape_single_quotes(value)) -%}
    {%- else -%}
      {%- set literal = 'null' if value is none else value -%}
    {%- endif -%}
    {%- do formatted_row.update({column_name: safe_cast(literal, type)}) -%}
  {%- endfor -%}
  {{ return(formatted_row) }}
{%- endmacro %}

{% macro validate_fixture_rows(rows, row_number) -%}
  {{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}
{%- endmacro %}

{#- For warehouses that cannot hold every value of a fixture. -#}
{% macro default__validate_fixture_rows(rows, row_number) -%}
{%- endmacro %}
