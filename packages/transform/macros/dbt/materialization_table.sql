{% materialization table, default %}
  {{- return(build_table_model()) -}}
{% endmaterialization %}

{# Built aside and put in place by renaming: readers see the old rows or the new ones. #}
{% macro build_table_model() %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- set aside = make_intermediate_relation(target) -%}
  {%- set backup = make_backup_relation(target, 'table' if existing is none else existing.type) -%}
  {%- set grants = config.get('grants') -%}

  {#- What an earlier run left behind has these names. -#}
  {{- drop_relation_if_exists(load_cached_relation(aside)) -}}
  {{- drop_relation_if_exists(load_cached_relation(backup)) -}}
  {{- run_hooks(pre_hooks, inside_transaction=False) -}}
  {{- run_hooks(pre_hooks, inside_transaction=True) -}}

  {%- call statement('main') -%}
    {{ get_create_table_as_sql(False, aside, sql) }}
  {%- endcall -%}
  {%- if indexes_before_rename() -%}{%- do create_indexes(aside) -%}{%- endif -%}

  {#- A hook may have dropped the old one. -#}
  {%- set existing = none if existing is none else load_cached_relation(existing) -%}
  {%- if existing is not none -%}{%- do move_aside(existing, backup) -%}{%- endif -%}
  {%- do adapter.rename_relation(aside, target) -%}
  {%- if not indexes_before_rename() -%}{%- do create_indexes(target) -%}{%- endif -%}

  {{- run_hooks(post_hooks, inside_transaction=True) -}}
  {%- do apply_grants(target, grants, should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
  {%- do persist_docs(target, model) -%}
  {%- do adapter.commit() -%}
  {%- if existing is not none -%}{%- do adapter.drop_relation(backup) -%}{%- endif -%}
  {{- run_hooks(post_hooks, inside_transaction=False) -}}
  {{- return({'relations': [target]}) -}}
{% endmacro %}

{# DuckDB renames no table that has indexes. #}
{% macro indexes_before_rename() %}
  {{- return(adapter.dispatch('indexes_before_rename', 'dbt')()) -}}
{% endmacro %}

{% macro default__indexes_before_rename() %}
  {{- return(true) -}}
{% endmacro %}

{% macro move_aside(relation, backup) %}
  {{- adapter.dispatch('move_aside', 'dbt')(relation, backup) -}}
{% endmacro %}

{% macro default__move_aside(relation, backup) %}
  {%- do adapter.rename_relation(relation, backup) -%}
{% endmacro %}
