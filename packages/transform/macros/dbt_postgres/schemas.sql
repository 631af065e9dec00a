{# A session sees one database, so its name is left out. #}
{% macro postgres__create_schema(relation) %}
  {%- call statement('create_schema') -%}
    create schema if not exists {{ relation.without_identifier().include(database=False) }}
  {%- endcall -%}
{% endmacro %}

{% macro postgres__drop_schema(relation) %}
  {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier().include(database=False) }} cascade
  {%- endcall -%}
{% endmacro %}

{% macro postgres__information_schema_name(database) -%}
  information_schema
{%- endmacro %}

{% macro postgres__list_schemas(database) %}
  {{- return(run_query('select distinct nspname from pg_namespace')) -}}
{% endmacro %}

{% macro postgres__check_schema_exists(information_schema, schema) %}
  {{- return(run_query("select count(*) from pg_namespace where nspname = '" ~ schema ~ "'")) -}}
{% endmacro %}
