{#- Tables. The statements are those that dbt-snowflake sends, by order and by words. -#}

{% macro snowflake__create_table_as(temporary, relation, compiled_code, language='sql') -%}
  {%- if language != 'sql' -%}
    {%- do exceptions.raise_compiler_error('create_table_as: models in ' ~ language ~ ' cannot be run, only SQL') -%}
  {%- endif -%}
  {%- do snowflake_refuse_iceberg() -%}
  {%- set contract = config.get('contract') -%}
  {%- set query = compiled_code -%}
  {%- if contract.enforced -%}
    {{- get_assert_columns_equivalent(compiled_code) -}}
    {%- set query = get_select_subquery(compiled_code) -%}
  {%- endif -%}
  {%- set keys = none if temporary else snowflake_cluster_keys() -%}
  {%- set kind = 'temporary ' if temporary else ('transient ' if config.get('transient', true) else '') -%}
  {{ config.get('sql_header') or '' }}
  create or replace {{ kind }}table {{ relation }}
  {%- if contract.enforced %} {{ get_table_columns_and_constraints() }}{% endif %}
  {%- if not temporary %}{{ snowflake_table_options() }}{% endif %}
  as (
    {% if keys is none %}{{ query }}{% else %}select * from (
      {{ query }}
    ) order by ({{ keys }}){% endif %}
  );
  {%- if keys is not none %}
  alter table {{ relation }} cluster by ({{ keys }});
  {%- if config.get('automatic_clustering', false) %}
  alter table {{ relation }} resume recluster;
  {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{#- What stands between the name and the query, of tables and views alike. -#}
{% macro snowflake_table_options() -%}
  {%- if config.get('copy_grants', false) %} copy grants{% endif -%}
  {%- if config.get('row_access_policy') %} with row access policy {{ config.get('row_access_policy') }}{% endif -%}
  {%- if config.get('table_tag') %} with tag ({{ config.get('table_tag') }}){% endif -%}
{%- endmacro %}

{#- The config cluster_by as one text, or none. -#}
{% macro snowflake_cluster_keys() %}
  {%- set keys = config.get('cluster_by') -%}
  {%- if not keys -%}{{- return(none) -}}{%- endif -%}
  {{- return(keys if keys is string else keys | join(', ')) -}}
{% endmacro %}

{% macro snowflake_refuse_iceberg() %}
  {%- if (config.get('table_format') or 'default') | lower == 'iceberg' -%}
    {%- do exceptions.raise_compiler_error('table_format: iceberg is not built here yet. Take table_format away, or run this model with dbt.') -%}
  {%- endif -%}
  {%- if config.get('catalog_name') or config.get('catalog') -%}
    {%- do exceptions.raise_compiler_error('catalogs.yml and catalog_name are not heeded here yet. Take catalog_name away, or run this model with dbt.') -%}
  {%- endif -%}
{% endmacro %}

{% materialization table, adapter='snowflake' %}
  {%- set tag = set_query_tag() -%}
  {%- set existing = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
  {%- set target = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type='table') -%}
  {{- run_hooks(pre_hooks) -}}
  {%- if existing is not none and not existing.is_table -%}{{- drop_relation_if_exists(existing) -}}{%- endif -%}
  {%- call statement('main') -%}{{ create_table_as(False, target, compiled_code) }}{%- endcall -%}
  {{- run_hooks(post_hooks) -}}
  {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
  {%- do persist_docs(target, model) -%}
  {%- do unset_query_tag(tag) -%}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}

{% macro snowflake__get_replace_table_sql(relation, sql) %}
  {{- snowflake__create_table_as(False, relation, sql) -}}
{% endmacro %}

{% macro snowflake__can_clone_table() %}
  {{- return(True) -}}
{% endmacro %}

{% macro snowflake__create_or_replace_clone(this_relation, defer_relation) -%}
  create or replace {{ 'transient ' if config.get('transient', true) }}table {{ this_relation }} clone {{ defer_relation }}
  {{- ' copy grants' if config.get('copy_grants', false) }}
{%- endmacro %}
