{# Made when it is missing, refreshed when it is there, replaced on a full refresh or where something else has its name. #}
{% materialization materialized_view, default %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='materialized_view') -%}
  {%- set aside = make_intermediate_relation(target) -%}
  {%- set backup = make_backup_relation(target, 'materialized_view' if existing is none else existing.type) -%}
  {%- set grants = config.get('grants') -%}
  {{- drop_relation_if_exists(load_cached_relation(aside)) -}}
  {{- drop_relation_if_exists(load_cached_relation(backup)) -}}
  {{- run_hooks(pre_hooks, inside_transaction=False) -}}
  {{- run_hooks(pre_hooks, inside_transaction=True) -}}

  {%- if existing is not none and existing.is_materialized_view and not should_full_refresh() -%}
    {%- call statement('main') -%}{{ refresh_materialized_view(target) }}{%- endcall -%}
  {%- else -%}
    {%- call statement('main') -%}{{ get_create_materialized_view_as_sql(aside, sql) }}{%- endcall -%}
    {%- if existing is not none -%}{%- do adapter.rename_relation(existing, backup) -%}{%- endif -%}
    {%- do adapter.rename_relation(aside, target) -%}
  {%- endif -%}

  {%- do apply_grants(target, grants, should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
  {%- do persist_docs(target, model) -%}
  {{- run_hooks(post_hooks, inside_transaction=True) -}}
  {%- do adapter.commit() -%}
  {{- drop_relation_if_exists(load_cached_relation(backup)) -}}
  {{- run_hooks(post_hooks, inside_transaction=False) -}}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}

{% macro get_create_materialized_view_as_sql(relation, sql) -%}
  {{ adapter.dispatch('get_create_materialized_view_as_sql', 'dbt')(relation, sql) }}
{%- endmacro %}

{% macro default__get_create_materialized_view_as_sql(relation, sql) %}
  {{- exceptions.raise_compiler_error(adapter.type() ~ ' has no materialized views: use materialized: table') -}}
{% endmacro %}

{% macro refresh_materialized_view(relation) -%}
  {{ adapter.dispatch('refresh_materialized_view', 'dbt')(relation) }}
{%- endmacro %}

{% macro default__refresh_materialized_view(relation) -%}
  refresh materialized view {{ relation }}
{%- endmacro %}
