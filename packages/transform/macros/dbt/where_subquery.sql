{% macro get_where_subquery(relation) -%}
  {{ return(adapter.dispatch('get_where_subquery')(relation)) }}
{%- endmacro %}

{% macro default__get_where_subquery(relation) -%}
  {% set where = config.get('where', '') %}
  {% if where %}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') dbt_subquery') }}
  {% else %}
    {{ return(relation) }}
  {% endif %}
{%- endmacro %}
