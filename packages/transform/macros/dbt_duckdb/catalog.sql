{% macro duckdb__get_catalog(information_schema, schemas) %}
  {%- set condition = duckdb__get_catalog_schemas_where_clause_sql(schemas) -%}
  {{- return(run_query(duckdb__catalog_sql(information_schema, condition))) -}}
{% endmacro %}

{% macro duckdb__get_catalog_relations(information_schema, relations) %}
  {%- set condition = duckdb__get_catalog_relations_where_clause_sql(relations) -%}
  {{- return(run_query(duckdb__catalog_sql(information_schema, condition))) -}}
{% endmacro %}

{% macro duckdb__catalog_sql(information_schema, condition) %}
  with tables as (
    {{ duckdb__get_catalog_tables_sql(information_schema) }}
    {{ condition }}
  ),
  columns as (
    {{ duckdb__get_catalog_columns_sql(information_schema) }}
    {{ condition }}
  )
  {{ duckdb__get_catalog_results_sql() }}
{% endmacro %}

{% macro duckdb__get_catalog_tables_sql(information_schema) -%}
  {%- set database = information_schema.database | replace("'", "''") -%}
  select * from (
    select database_name as table_database, schema_name as table_schema, table_name, 'BASE TABLE' as table_type, comment as table_comment
    from duckdb_tables() where lower(database_name) = lower('{{ database }}')
    union all
    select database_name, schema_name, view_name, 'VIEW', comment
    from duckdb_views() where lower(database_name) = lower('{{ database }}')
  ) as catalog_tables
{%- endmacro %}

{% macro duckdb__get_catalog_columns_sql(information_schema) -%}
  select * from (
    select database_name as table_database, schema_name as table_schema, table_name, column_name, column_index,
      data_type as column_type, comment as column_comment
    from duckdb_columns() where lower(database_name) = lower('{{ information_schema.database | replace("'", "''") }}')
  ) as catalog_columns
{%- endmacro %}

{% macro duckdb__get_catalog_results_sql() -%}
  select table_database, table_schema, table_name, table_type, table_comment,
    column_name, column_index, column_type, column_comment, null as table_owner
  from tables join columns using (table_database, table_schema, table_name)
  order by table_schema, table_name, column_index
{%- endmacro %}

{% macro duckdb__get_catalog_schemas_where_clause_sql(schemas) -%}
  {%- set names = [] -%}
  {%- for schema in schemas -%}{%- do names.append("lower('" ~ schema | replace("'", "''") ~ "')") -%}{%- endfor -%}
  where {{ 'lower(table_schema) in (' ~ names | join(', ') ~ ')' if names else 'false' }}
{%- endmacro %}

{% macro duckdb__get_catalog_relations_where_clause_sql(relations) -%}
  {%- set conditions = [] -%}
  {%- for relation in relations -%}
    {%- if not relation.schema -%}
      {%- do exceptions.raise_compiler_error('`get_catalog_relations` requires a list of relations, each with a schema') -%}
    {%- endif -%}
    {%- set condition = "lower(table_schema) = lower('" ~ relation.schema | replace("'", "''") ~ "')" -%}
    {%- if relation.identifier -%}
      {%- set condition = condition ~ " and lower(table_name) = lower('" ~ relation.identifier | replace("'", "''") ~ "')" -%}
    {%- endif -%}
    {%- do conditions.append('(' ~ condition ~ ')') -%}
  {%- endfor -%}
  where {{ conditions | join(' or ') if conditions else 'false' }}
{%- endmacro %}
