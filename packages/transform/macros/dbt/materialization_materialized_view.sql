{#
  Made when it is missing, refreshed when it is there, replaced on a full refresh or where something else has its name.
  Where its settings have changed, `on_configuration_change` says what becomes of it.
#}
{% materialization materialized_view, default %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='materialized_view') -%}
  {%- set aside = make_intermediate_relation(target) -%}
  {%- set backup = make_backup_relation(target, 'materialized_view' if existing is none else existing.type) -%}

  {%- do materialized_view_setup(backup, aside, pre_hooks) -%}
  {%- set build_sql = materialized_view_get_build_sql(existing, target, backup, aside) -%}
  {%- if build_sql == '' -%}
    {%- do materialized_view_execute_no_op(target) -%}
  {%- else -%}
    {%- do materialized_view_execute_build_sql(build_sql, existing, target, post_hooks) -%}
  {%- endif -%}
  {%- do materialized_view_teardown(backup, aside, post_hooks) -%}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}

{# What a run that was cut off has left behind has these names. #}
{% macro materialized_view_setup(backup_relation, intermediate_relation, pre_hooks) %}
  {{- drop_relation_if_exists(load_cached_relation(backup_relation)) -}}
  {{- drop_relation_if_exists(load_cached_relation(intermediate_relation)) -}}
  {{- run_hooks(pre_hooks, inside_transaction=False) -}}
{% endmacro %}

{% macro materialized_view_teardown(backup_relation, intermediate_relation, post_hooks) %}
  {{- drop_relation_if_exists(backup_relation) -}}
  {{- drop_relation_if_exists(intermediate_relation) -}}
  {{- run_hooks(post_hooks, inside_transaction=False) -}}
{% endmacro %}

{# Empty where nothing is to be done. #}
{% macro materialized_view_get_build_sql(existing_relation, target_relation, backup_relation, intermediate_relation) %}
  {%- if existing_relation is none -%}
    {{- return(get_create_materialized_view_as_sql(target_relation, sql)) -}}
  {%- elif should_full_refresh() or not existing_relation.is_materialized_view -%}
    {{- return(get_replace_sql(existing_relation, target_relation, sql)) -}}
  {%- endif -%}
  {%- set changes = get_materialized_view_configuration_changes(existing_relation, config) -%}
  {%- set on_change = config.get('on_configuration_change') -%}
  {%- if changes is none -%}
    {{- return(refresh_materialized_view(target_relation)) -}}
  {%- elif on_change == 'apply' -%}
    {{- return(get_alter_materialized_view_as_sql(target_relation, changes, sql, existing_relation, backup_relation, intermediate_relation)) -}}
  {%- elif on_change == 'continue' -%}
    {%- do exceptions.warn('Configuration changes were identified and `on_configuration_change` was set to `continue` for `' ~ target_relation.render() ~ '`') -%}
    {{- return('') -}}
  {%- elif on_change == 'fail' -%}
    {%- do exceptions.raise_fail_fast_error('Configuration changes were identified and `on_configuration_change` was set to `fail` for `' ~ target_relation.render() ~ '`') -%}
  {%- endif -%}
  {%- do exceptions.raise_compiler_error('on_configuration_change is ' ~ on_change ~ ': it can be apply, continue or fail') -%}
{% endmacro %}

{% macro materialized_view_execute_no_op(target_relation) %}
  {%- do store_raw_result(name='main', message='skip ' ~ target_relation, code='skip', rows_affected='-1') -%}
{% endmacro %}

{% macro materialized_view_execute_build_sql(build_sql, existing_relation, target_relation, post_hooks) %}
  {{- run_hooks(pre_hooks, inside_transaction=True) -}}
  {%- call statement(name='main') -%}
    {{ build_sql }}
  {%- endcall -%}
  {%- do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) -%}
  {%- do persist_docs(target_relation, model) -%}
  {{- run_hooks(post_hooks, inside_transaction=True) -}}
  {%- do adapter.commit() -%}
{% endmacro %}

{% macro get_create_materialized_view_as_sql(relation, sql) -%}
  {{ adapter.dispatch('get_create_materialized_view_as_sql', 'dbt')(relation, sql) }}
{%- endmacro %}

{% macro default__get_create_materialized_view_as_sql(relation, sql) %}
  {{- exceptions.raise_compiler_error(adapter.type() ~ ' has no materialized views: use materialized: table') -}}
{% endmacro %}

{% macro get_replace_materialized_view_sql(relation, sql) %}
  {{- adapter.dispatch('get_replace_materialized_view_sql', 'dbt')(relation, sql) -}}
{% endmacro %}

{% macro default__get_replace_materialized_view_sql(relation, sql) %}
  {{- exceptions.raise_compiler_error('get_replace_materialized_view_sql: ' ~ adapter.type() ~ ' replaces no materialized view in one statement') -}}
{% endmacro %}

{% macro refresh_materialized_view(relation) -%}
  {%- do log('Applying REFRESH to: ' ~ relation) -%}
  {{ adapter.dispatch('refresh_materialized_view', 'dbt')(relation) }}
{%- endmacro %}

{% macro default__refresh_materialized_view(relation) -%}
  refresh materialized view {{ relation }}
{%- endmacro %}

{# None where nothing has changed; otherwise what the macro for altering understands. #}
{% macro get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {{- return(adapter.dispatch('get_materialized_view_configuration_changes', 'dbt')(existing_relation, new_config)) -}}
{% endmacro %}

{% macro default__get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {{- exceptions.raise_compiler_error(adapter.type() ~ ' has no materialized views') -}}
{% endmacro %}

{% macro get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) %}
  {%- do log('Applying ALTER to: ' ~ relation) -%}
  {{- adapter.dispatch('get_alter_materialized_view_as_sql', 'dbt')(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) -}}
{% endmacro %}

{% macro default__get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) %}
  {{- exceptions.raise_compiler_error(adapter.type() ~ ' has no materialized views') -}}
{% endmacro %}
