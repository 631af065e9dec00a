{# DESCRIBE looks at this relation alone; the information schema lists the columns of every database that is attached. #}
{% macro duckdb__get_columns_in_relation(relation) %}
  {%- call statement('get_columns_in_relation', fetch_result=True, auto_begin=False) -%}
    select column_name, column_type, null::bigint, null::bigint, null::bigint from (describe {{ relation.render() }})
  {%- endcall -%}
  {{- return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) -}}
{% endmacro %}

{# One change a statement: DuckDB takes no list of them. #}
{% macro duckdb__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {%- for column in add_columns or [] -%}
    {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' add column ' ~ adapter.quote(column.name) ~ ' ' ~ column.data_type) -%}
  {%- endfor -%}
  {%- for column in remove_columns or [] -%}
    {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' drop column ' ~ adapter.quote(column.name)) -%}
  {%- endfor -%}
{% endmacro %}

{# A header is run by itself: what describes the query cannot be behind another statement. #}
{% macro duckdb__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
    {%- if select_sql_header is not none -%}{%- do run_query(select_sql_header) -%}{%- endif -%}
    select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{% endmacro %}
