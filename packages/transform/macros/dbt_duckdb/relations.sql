{% macro duckdb__rename_relation(from_relation, to_relation) %}
  {%- set name = adapter.quote_as_configured(to_relation.identifier, 'identifier') -%}
  {%- call statement('rename_relation') -%}
    alter {{ to_relation.type or 'table' }} {{ from_relation.render() }} rename to {{ name }}
  {%- endcall -%}
{% endmacro %}

{% macro duckdb__drop_relation(relation) %}
  {%- call statement('drop_relation', auto_begin=False) -%}
    drop {{ relation.type }} if exists {{ relation.render() }} cascade
  {%- endcall -%}
{% endmacro %}

{# Temporary tables have a schema of their own, which every session sees as its own. #}
{% macro duckdb__make_temp_relation(base_relation, suffix) %}
  {%- set identifier = base_relation.identifier ~ suffix ~ local_md5(invocation_id ~ model.unique_id)[:12] -%}
  {{- return(base_relation.incorporate(path={'identifier': identifier, 'schema': none, 'database': none})) -}}
{% endmacro %}

{# With the layout of DuckLake, which those that replace `duckdb__create_table_as` need not know. #}
{% macro create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {%- set create = adapter.dispatch('create_table_as', 'dbt') -%}
  {%- if partitioned_by or sorted_by -%}
    {{ create(temporary, relation, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by) }}
  {%- else -%}
    {{ create(temporary, relation, compiled_code, language) }}
  {%- endif -%}
{%- endmacro %}

{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {%- if language != 'sql' -%}
    {%- do exceptions.raise_compiler_error('models in ' ~ language ~ ' cannot be run, only SQL') -%}
  {%- endif -%}
  {%- set contract = config.get('contract') -%}
  {%- if contract.enforced %}{{ get_assert_columns_equivalent(compiled_code) }}{% endif -%}
  {{ config.get('sql_header') or '' }}
  create {{ 'temporary ' if temporary }}table {{ relation.include(database=(not temporary), schema=(not temporary)) }}
  {%- if contract.enforced and not temporary %}
  {{ get_table_columns_and_constraints() }};
  insert into {{ relation }} ({{ adapter.dispatch('get_column_names', 'dbt')() }}) (
    {{ get_select_subquery(compiled_code) }}
  );
  {%- elif partitioned_by or sorted_by %}
  as (
    select * from ({{ compiled_code }}) as model_subq limit 0
  );
  {{ duckdb__alter_table_set_partitioned_by(relation, partitioned_by) if partitioned_by }}
  {{ duckdb__alter_table_set_sorted_by(relation, sorted_by) if sorted_by }}
  insert into {{ relation }} select * from ({{ compiled_code }}) as model_subq;
  {%- else %}
  as (
    {{ compiled_code }}
  );
  {%- endif %}
{%- endmacro %}

{# The model's columns in brackets, for an INSERT. #}
{% macro get_column_names() -%}
  ({{ default__get_column_names() }})
{%- endmacro %}

{% macro duckdb__create_view_as(relation, sql) -%}
  {{ default__create_view_as(relation, sql) }}
{%- endmacro %}

{# What an incremental model or a snapshot keeps for the length of its run. #}
{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') %}
  {{- return({'relation': make_temp_relation(target_relation), 'temporary': true}) -}}
{% endmacro %}

{# DuckDB renames no table that has indexes. #}
{% macro duckdb__indexes_before_rename() %}
  {{- return(false) -}}
{% endmacro %}

{% macro duckdb__move_aside(relation, backup) %}
  {%- do drop_indexes_on_relation(relation) -%}
  {%- do adapter.rename_relation(relation, backup) -%}
{% endmacro %}

{% macro drop_indexes_on_relation(relation) %}
  {%- if relation.is_table -%}
    {%- set sql -%}
      select index_name from duckdb_indexes()
      where lower(table_name) = lower('{{ relation.identifier }}')
        and lower(schema_name) = lower('{{ relation.schema }}')
        and lower(database_name) = lower('{{ relation.database }}')
    {%- endset -%}
    {%- for row in run_query(sql) -%}
      {%- call statement('drop_index') -%}
        drop index {{ relation.without_identifier() }}.{{ adapter.quote(row[0]) }}
      {%- endcall -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}

{% macro duckdb__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
  create {{ 'unique ' if index.unique }}index {{ adapter.quote(index.render(relation)) }} on {{ relation }} ({{ index.columns | join(', ') }});
{%- endmacro %}
