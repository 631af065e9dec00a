{% macro snowflake__create_view_as_with_temp_flag(relation, sql, is_temporary=False) -%}
  {{ config.get('sql_header') or '' }}
  create or replace {{ 'secure ' if config.get('secure', false) }}{{ 'temporary ' if is_temporary }}view {{ relation }}
  {%- if config.persist_column_docs() %} {{ get_persist_docs_column_list(model.columns, get_columns_in_query(sql)) }}{% endif %}
  {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
  {{- snowflake_table_options() }}
  as (
    {{ sql }}
  );
{%- endmacro %}

{% macro snowflake__create_view_as(relation, sql) -%}
  {{ snowflake__create_view_as_with_temp_flag(relation, sql) }}
{%- endmacro %}

{% macro snowflake__get_replace_view_sql(relation, sql) %}
  {{- snowflake__create_view_as(relation, sql) -}}
{% endmacro %}

{#- What stands in the place of a view and is none goes, with a word in the log. -#}
{% macro snowflake__create_or_replace_view() %}
  {%- set former = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
  {%- set target = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type='view') -%}
  {{- run_hooks(pre_hooks) -}}
  {%- if former is not none and not former.is_view -%}
    {%- do log('Dropping relation ' ~ former.render() ~ ' because it is of type ' ~ former.type) -%}
    {%- do adapter.drop_relation(former) -%}
  {%- endif -%}
  {%- call statement('main') -%}{{ get_create_view_as_sql(target, sql) }}{%- endcall -%}
  {%- set was_view = former is not none and former.is_view -%}
  {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(was_view, full_refresh_mode=True)) -%}
  {{- run_hooks(post_hooks) -}}
  {{- return({'relations': [target]}) -}}
{% endmacro %}

{% materialization view, adapter='snowflake' %}
  {%- set tag = set_query_tag() -%}
  {%- set made = snowflake__create_or_replace_view() -%}
  {%- do persist_docs(this.incorporate(type='view'), model, for_columns=false) -%}
  {%- do unset_query_tag(tag) -%}
  {{- return(made) -}}
{% endmaterialization %}
