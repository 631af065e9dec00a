{# SQLite and MySQL, where they are attached, have no schemas of their own to create. #}
{% macro duckdb__create_schema(relation) %}
  {%- set attached = run_query("select type from duckdb_databases() where lower(database_name) = lower('" ~ relation.database ~ "') and type <> 'duckdb'") -%}
  {%- set type = attached.columns[0].values()[0] if attached | length > 0 else 'duckdb' -%}
  {%- if type == 'sqlite' and relation.schema != 'main' -%}
    {%- do exceptions.raise_compiler_error("Schema must be 'main' when writing to sqlite instead got " ~ relation.schema) -%}
  {%- elif type not in ['sqlite', 'mysql'] -%}
    {%- call statement('create_schema') -%}create schema if not exists {{ relation.without_identifier() }}{%- endcall -%}
  {%- endif -%}
{% endmacro %}

{% macro duckdb__drop_schema(relation) %}
  {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier() }} cascade
  {%- endcall -%}
{% endmacro %}

{# The catalog of the database `system` lists those of all attached databases. #}
{% macro duckdb__list_schemas(database) %}
  {%- set sql -%}
    select schema_name from system.information_schema.schemata
    {%- if database is not none %} where lower(catalog_name) = lower('{{ database | replace("'", "''") }}'){% endif %}
  {%- endset -%}
  {{- return(run_query(sql)) -}}
{% endmacro %}

{% macro duckdb__check_schema_exists(information_schema, schema) %}
  {%- set sql -%}
    select count(*) from system.information_schema.schemata
    where lower(schema_name) = lower('{{ schema | replace("'", "''") }}')
      and lower(catalog_name) = lower('{{ information_schema.database | replace("'", "''") }}')
  {%- endset -%}
  {{- return(run_query(sql)) -}}
{% endmacro %}

{% macro duckdb__list_relations_without_caching(schema_relation) %}
  {%- call statement('list_relations_without_caching', fetch_result=True, auto_begin=False) -%}
    select '{{ schema_relation.database | replace("'", "''") }}' as database, table_name as name, table_schema as schema,
      case table_type when 'VIEW' then 'view' else 'table' end as type
    from system.information_schema.tables
    where lower(table_schema) = lower('{{ schema_relation.schema | replace("'", "''") }}')
      and lower(table_catalog) = lower('{{ schema_relation.database | replace("'", "''") }}')
  {%- endcall -%}
  {{- return(load_result('list_relations_without_caching').table) -}}
{% endmacro %}
