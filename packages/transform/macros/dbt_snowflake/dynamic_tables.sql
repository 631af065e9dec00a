{#- Tables that Snowflake itself keeps up to date. -#}

{% materialization dynamic_table, adapter='snowflake' %}
  {%- do snowflake_refuse_iceberg() -%}
  {%- set tag = set_query_tag() -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='dynamic_table') -%}
  {{- run_hooks(pre_hooks) -}}
  {%- set build_sql = dynamic_table_get_build_sql(existing, target) -%}
  {%- if build_sql == '' -%}
    {%- do store_raw_result(name='main', message='skip ' ~ target, code='skip', rows_affected='-1') -%}
  {%- else -%}
    {%- call statement('main') -%}{{ build_sql }}{%- endcall -%}
    {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target, model) -%}
  {%- endif -%}
  {{- run_hooks(post_hooks) -}}
  {%- do unset_query_tag(tag) -%}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}

{% macro dynamic_table_get_build_sql(existing_relation, target_relation) %}
  {%- if existing_relation is none -%}{{- return(get_create_sql(target_relation, sql)) -}}{%- endif -%}
  {%- if should_full_refresh() or not existing_relation.is_dynamic_table -%}
    {{- return(get_replace_sql(existing_relation, target_relation, sql)) -}}
  {%- endif -%}
  {%- set changes = snowflake__get_dynamic_table_configuration_changes(existing_relation, config) -%}
  {%- if changes is none -%}
    {%- do exceptions.warn('No configuration changes were identified on: `' ~ target_relation ~ '`. Continuing.') -%}
    {{- return('') -}}
  {%- endif -%}
  {%- set wanted = config.get('on_configuration_change') -%}
  {%- if wanted == 'continue' -%}
    {%- do exceptions.warn('Configuration changes were identified and `on_configuration_change` was set to `continue` for `' ~ target_relation ~ '`') -%}
    {{- return('') -}}
  {%- elif wanted == 'fail' -%}
    {%- do exceptions.raise_fail_fast_error('Configuration changes were identified and `on_configuration_change` was set to `fail` for `' ~ target_relation ~ '`') -%}
  {%- endif -%}
  {{- return(snowflake__get_alter_dynamic_table_as_sql(existing_relation, changes, target_relation, sql)) -}}
{% endmacro %}

{#- What differs from the table that is there: a dict, or none. Another refresh mode cannot be altered in. Snowflake shows a
    warehouse in upper case; for dbt-snowflake 1.11 that is another one, and each run alters the table. -#}
{% macro snowflake__get_dynamic_table_configuration_changes(existing_relation, new_config) %}
  {%- set rows = snowflake__describe_dynamic_table(existing_relation) -%}
  {%- if not rows -%}{{- return({'requires_full_refresh': true}) -}}{%- endif -%}
  {%- set present = rows[0] -%}
  {%- set changes = {} -%}
  {%- if config.get('target_lag') != present['target_lag'] -%}{%- do changes.update({'target_lag': config.get('target_lag')}) -%}{%- endif -%}
  {%- if config.get('snowflake_warehouse') | string | upper != present['warehouse'] | string | upper -%}{%- do changes.update({'snowflake_warehouse': config.get('snowflake_warehouse')}) -%}{%- endif -%}
  {%- set mode = (config.get('refresh_mode') or 'AUTO') | upper -%}
  {%- if mode != 'AUTO' and mode != present['refresh_mode'] -%}{%- do changes.update({'requires_full_refresh': true}) -%}{%- endif -%}
  {{- return(changes if changes else none) -}}
{% endmacro %}

{% macro snowflake__describe_dynamic_table(relation) %}
  {%- set found = run_query("show dynamic tables like '" ~ relation.identifier ~ "' in schema " ~ relation.include(identifier=False)) -%}
  {{- return(found.rows) -}}
{% endmacro %}

{% macro snowflake__get_create_dynamic_table_as_sql(relation, sql) -%}
  create {{ snowflake_dynamic_table(relation, compiled_code) }}
{%- endmacro %}

{% macro snowflake__get_replace_dynamic_table_sql(relation, sql) -%}
  create or replace {{ snowflake_dynamic_table(relation, sql) }}
{%- endmacro %}

{% macro snowflake_dynamic_table(relation, query) -%}
  dynamic table {{ relation }}
    target_lag = '{{ config.get('target_lag') }}'
    warehouse = {{ config.get('snowflake_warehouse') }}
    {{ optional('refresh_mode', (config.get('refresh_mode') or 'AUTO') | upper) }}
    {{ optional('initialize', (config.get('initialize') or 'ON_CREATE') | upper) }}
    {{ optional('with row access policy', config.get('row_access_policy'), equals_char='') }}
    {{ optional('with tag', config.get('table_tag'), quote_char='(', equals_char='') }}
    {{ optional('cluster by', snowflake_cluster_keys(), quote_char='(', equals_char='') }}
    as (
      {{ query }}
    )
{%- endmacro %}

{% macro snowflake__get_alter_dynamic_table_as_sql(existing_relation, configuration_changes, target_relation, sql) -%}
  {%- if configuration_changes.requires_full_refresh -%}
    {{ get_replace_sql(existing_relation, target_relation, sql) }}
  {%- else -%}
    alter dynamic table {{ existing_relation }} set
    {% if configuration_changes.target_lag %}target_lag = '{{ configuration_changes.target_lag }}'{% endif %}
    {% if configuration_changes.snowflake_warehouse %}warehouse = {{ configuration_changes.snowflake_warehouse }}{% endif %}
  {%- endif -%}
{%- endmacro %}

{% macro snowflake__get_drop_dynamic_table_sql(relation) -%}
  drop dynamic table if exists {{ relation }}
{%- endmacro %}

{% macro snowflake__refresh_dynamic_table(relation) -%}
  alter dynamic table {{ relation }} refresh
{%- endmacro %}

{% macro snowflake__get_rename_materialized_view_sql(relation, new_name) -%}
  alter dynamic table {{ relation }} rename to {{ new_name }}
{%- endmacro %}
