{# Sends the text of the call block to the warehouse and keeps the answer under `name` for load_result. #}
{% macro statement(name=None, fetch_result=False, auto_begin=True, language='sql') %}
  {%- if execute -%}
    {%- set text = caller() -%}
    {%- if language != 'sql' -%}
      {%- do exceptions.raise_compiler_error('statement: models in ' ~ language ~ ' cannot be run, only SQL') -%}
    {%- endif -%}
    {%- if name == 'main' -%}{%- do write(text) -%}{%- endif -%}
    {%- set response, table = adapter.execute(text, auto_begin=auto_begin, fetch=fetch_result) -%}
    {%- if name is not none -%}{%- do store_result(name, response=response, agate_table=table) -%}{%- endif -%}
  {%- endif -%}
{% endmacro %}

{# The same without sending anything: for what a materialization did by other means. #}
{% macro noop_statement(name=None, message=None, code=None, rows_affected=None, res=None) %}
  {%- set text = caller() -%}
  {%- if name == 'main' -%}{%- do write(text) -%}{%- endif -%}
  {%- if name is not none -%}
    {%- do store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) -%}
  {%- endif -%}
{% endmacro %}

{% macro run_query(sql) %}
  {%- call statement('run_query_statement', fetch_result=True, auto_begin=False) -%}
    {{ sql }}
  {%- endcall -%}
  {%- do return(load_result('run_query_statement').table) -%}
{% endmacro %}

{% macro validate_sql(sql) %}
  {{- return(adapter.dispatch('validate_sql', 'dbt')(sql)) -}}
{% endmacro %}

{% macro default__validate_sql(sql) %}
  {%- call statement('validate_sql') -%}explain {{ sql }}{%- endcall -%}
  {{- return(load_result('validate_sql')) -}}
{% endmacro %}

{% macro get_show_sql(compiled_code, sql_header, limit) -%}
  {%- if sql_header is not none %}
  {{ sql_header }}
  {%- endif %}
  {{ get_limit_subquery_sql(compiled_code, limit) }}
{% endmacro %}

{% macro get_limit_subquery_sql(sql, limit) %}
  {{- adapter.dispatch('get_limit_sql', 'dbt')(sql, limit) -}}
{% endmacro %}

{% macro default__get_limit_sql(sql, limit) %}
  {{ sql }}
  {% if limit is not none %}
  limit {{ limit }}
  {%- endif -%}
{% endmacro %}
