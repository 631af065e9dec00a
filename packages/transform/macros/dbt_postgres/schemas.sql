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
  {%- if database -%}{%- do adapter.verify_database(database) -%}{%- endif -%}
  {%- call statement('list_schemas', fetch_result=True, auto_begin=False) -%}
    select distinct nspname from pg_namespace
  {%- endcall -%}
  {{- return(load_result('list_schemas').table) -}}
{% endmacro %}

{% macro postgres__check_schema_exists(information_schema, schema) %}
  {%- if information_schema.database -%}{%- do adapter.verify_database(information_schema.database) -%}{%- endif -%}
  {%- call statement('check_schema_exists', fetch_result=True, auto_begin=False) -%}
    select count(*) from pg_namespace where nspname = '{{ schema | replace("'", "''") }}'
  {%- endcall -%}
  {{- return(load_result('check_schema_exists').table) -}}
{% endmacro %}

{% macro postgres__list_relations_without_caching(schema_relation) %}
  {%- set schema = schema_relation.schema | replace("'", "''") -%}
  {%- call statement('list_relations_without_caching', fetch_result=True, auto_begin=False) -%}
    select '{{ schema_relation.database | replace("'", "''") }}' as database, c.relname as name, n.nspname as schema,
      case c.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end as type
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where lower(n.nspname) = lower('{{ schema }}') and c.relkind in ('r', 'p', 'f', 'v', 'm')
    order by c.relname
  {%- endcall -%}
  {{- return(load_result('list_relations_without_caching').table) -}}
{% endmacro %}

{% macro postgres__get_columns_in_relation(relation) %}
  {{- return(default__get_columns_in_relation(relation)) -}}
{% endmacro %}
