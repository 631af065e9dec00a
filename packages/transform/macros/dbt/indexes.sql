{% macro create_indexes(relation) %}
  {{- adapter.dispatch('create_indexes', 'dbt')(relation) -}}
{% endmacro %}

{% macro default__create_indexes(relation) %}
  {%- for index in config.get('indexes', default=[]) or [] -%}
    {%- set sql = get_create_index_sql(relation, index) -%}
    {%- if sql -%}{%- do run_query(sql) -%}{%- endif -%}
  {%- endfor -%}
{% endmacro %}

{% macro get_create_index_sql(relation, index_dict) %}
  {{- return(adapter.dispatch('get_create_index_sql', 'dbt')(relation, index_dict)) -}}
{% endmacro %}

{% macro default__get_create_index_sql(relation, index_dict) %}
  {{- return(none) -}}
{% endmacro %}

{% macro get_drop_index_sql(relation, index_name) %}
  {{- adapter.dispatch('get_drop_index_sql', 'dbt')(relation, index_name) -}}
{% endmacro %}

{% macro default__get_drop_index_sql(relation, index_name) -%}
  drop index if exists {{ adapter.quote(relation.schema) }}.{{ adapter.quote(index_name) }}
{%- endmacro %}

{% macro get_show_indexes_sql(relation) %}
  {{- adapter.dispatch('get_show_indexes_sql', 'dbt')(relation) -}}
{% endmacro %}

{% macro default__get_show_indexes_sql(relation) %}
  {{- exceptions.raise_compiler_error('get_show_indexes_sql: ' ~ adapter.type() ~ ' has no indexes to show') -}}
{% endmacro %}
