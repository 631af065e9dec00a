{# `publish: after_tests`: what was built aside and has passed its tests takes the old relation's place at once. #}
{% materialization publish, default %}
  {%- set audit = load_cached_relation(audit_relation) -%}
  {%- if audit is none -%}
    {%- do exceptions.raise_compiler_error(audit_relation.render() ~ ' is to be published and is no longer there') -%}
  {%- endif -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type=audit.type) -%}
  {%- set backup = make_backup_relation(target, audit.type if existing is none else existing.type) -%}
  {{- drop_relation_if_exists(load_cached_relation(backup)) -}}
  {%- do replace_with_audited(target, audit, existing, backup) -%}
  {%- do adapter.commit() -%}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}

{# Within one transaction. The old relation is gone at its end, with the views on it where the warehouse binds them. #}
{% macro replace_with_audited(target, audit, existing, backup) %}
  {{- adapter.dispatch('replace_with_audited', 'dbt')(target, audit, existing, backup) -}}
{% endmacro %}

{% macro default__replace_with_audited(target, audit, existing, backup) %}
  {%- if existing is not none -%}{%- do adapter.rename_relation(existing, backup) -%}{%- endif -%}
  {%- do adapter.rename_relation(audit, target) -%}
  {%- if existing is not none -%}{%- do adapter.drop_relation(backup) -%}{%- endif -%}
{% endmacro %}

{# What an incremental model adds its rows to: a copy of the published table, which stays as it is. #}
{% materialization audit_copy, default %}
  {{- drop_relation_if_exists(load_cached_relation(this)) -}}
  {%- set published = load_cached_relation(published_relation) -%}
  {%- set copies = [] -%}
  {%- if published is not none and published.is_table and not should_full_refresh() -%}
    {%- set audit = this.incorporate(type='table') -%}
    {%- do copy_for_audit(published, audit) -%}
    {%- do adapter.commit() -%}
    {%- do copies.append(audit) -%}
  {%- endif -%}
  {{- return({'relations': copies}) -}}
{% endmaterialization %}

{% macro copy_for_audit(published, audit) %}
  {{- adapter.dispatch('copy_for_audit', 'dbt')(published, audit) -}}
{% endmacro %}

{% macro default__copy_for_audit(published, audit) %}
  {%- call statement('main') -%}create table {{ audit.render() }} as select * from {{ published.render() }}{%- endcall -%}
{% endmacro %}
