{% macro can_clone_table() %}
  {{- return(adapter.dispatch('can_clone_table', 'dbt')()) -}}
{% endmacro %}

{% macro default__can_clone_table() %}
  {{- return(False) -}}
{% endmacro %}

{% macro create_or_replace_clone(this_relation, defer_relation) %}
  {{- return(adapter.dispatch('create_or_replace_clone', 'dbt')(this_relation, defer_relation)) -}}
{% endmacro %}

{% macro default__create_or_replace_clone(this_relation, defer_relation) -%}
  create or replace table {{ this_relation.render() }} clone {{ defer_relation.render() }}
{%- endmacro %}

{# What the other environment has, here too: a clone where the warehouse makes them, otherwise a view over it. #}
{% materialization clone, default %}
  {%- set relations = {'relations': []} -%}
  {%- if not defer_relation -%}
    {%- do log('No relation found in state manifest for ' ~ model.unique_id, info=True) -%}
    {{- return(relations) -}}
  {%- endif -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- if existing and not flags.FULL_REFRESH -%}
    {%- do log('Relation ' ~ existing.render() ~ ' already exists', info=True) -%}
    {{- return(relations) -}}
  {%- endif -%}
  {%- set other = load_cached_relation(defer_relation) -%}
  {%- if other and other.type == 'table' and can_clone_table() -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- if existing is not none and not existing.is_table -%}{{- drop_relation_if_exists(existing) -}}{%- endif -%}
    {%- call statement('main') -%}{{ create_or_replace_clone(target, defer_relation) }}{%- endcall -%}
    {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {{- return({'relations': [target]}) -}}
  {%- endif -%}
  {%- set target = this.incorporate(type='view') -%}
  {{- drop_relation_if_exists(existing) -}}
  {%- call statement('main') -%}{{ get_create_view_as_sql(target, 'select * from ' ~ defer_relation) }}{%- endcall -%}
  {%- do adapter.commit() -%}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}
