{# A strategy says which rows have changed, when, and what the id of a version is. A project's own `x` is `snapshot_x_strategy`. #}
{% macro strategy_dispatch(name) %}
  {%- set package, plain = name.split('.', 1) if '.' in name else (none, name) -%}
  {%- if package is not none and package not in context -%}
    {%- do exceptions.raise_compiler_error("Could not find package '" ~ package ~ "', called with '" ~ name ~ "'") -%}
  {%- endif -%}
  {%- set names = context if package is none else context[package] -%}
  {%- set macro_name = 'snapshot_' ~ plain ~ '_strategy' -%}
  {%- if names[macro_name] is not defined -%}
    {%- do exceptions.raise_compiler_error("The specified strategy macro '" ~ plain ~ "' was not found in package '" ~ package ~ "'") -%}
  {%- endif -%}
  {{- return(names[macro_name]) -}}
{% endmacro %}

{% macro snapshot_hash_arguments(args) %}
  {{- adapter.dispatch('snapshot_hash_arguments', 'dbt')(args) -}}
{% endmacro %}

{# Ids are kept in tables for years: this text must never give others. #}
{% macro default__snapshot_hash_arguments(args) -%}
  md5(
    {%- for arg in args -%}
      coalesce(cast({{ arg }} as varchar ), '') {{- " || '|' || " if not loop.last }}
    {%- endfor -%}
  )
{%- endmacro %}

{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set key, updated_at = config.get('unique_key'), config.get('updated_at') -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set hard_deletes = adapter.get_hard_deletes_behavior(config) -%}
  {{- return({
    'unique_key': key,
    'updated_at': updated_at,
    'row_changed': '(' ~ snapshotted_rel ~ '.' ~ columns.dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')',
    'scd_id': snapshot_hash_arguments(api.Relation.scd_args(key, updated_at)),
    'invalidate_hard_deletes': hard_deletes == 'invalidate',
    'hard_deletes': hard_deletes
  }) -}}
{% endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set key = config.get('unique_key') -%}
  {%- set updated_at = config.get('updated_at') or snapshot_get_time() -%}
  {%- set hard_deletes = adapter.get_hard_deletes_behavior(config) -%}
  {%- set column_added, checked = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) -%}
  {%- set differences = [] -%}
  {%- for column in checked or [] -%}
    {%- set old, new = snapshotted_rel ~ '.' ~ column, current_rel ~ '.' ~ column -%}
    {%- do differences.append(
      old ~ ' != ' ~ new ~ ' or (((' ~ old ~ ' is null) and not (' ~ new ~ ' is null)) or ((not ' ~ old ~ ' is null) and (' ~ new ~ ' is null)))'
    ) -%}
  {%- endfor -%}
  {{- return({
    'unique_key': key,
    'updated_at': updated_at,
    'row_changed': '(' ~ (get_true_sql() if column_added else differences | join(' or ')) ~ ')',
    'scd_id': snapshot_hash_arguments(api.Relation.scd_args(key, updated_at)),
    'invalidate_hard_deletes': hard_deletes == 'invalidate',
    'hard_deletes': hard_deletes
  }) -}}
{% endmacro %}

{# Whether a checked column is new, and the checked columns that the snapshot has already. #}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) %}
  {%- if not target_exists -%}{{- return((false, [])) -}}{%- endif -%}
  {%- if check_cols_config == 'all' -%}
    {%- set wanted = get_columns_in_query(node['compiled_code']) -%}
  {%- elif check_cols_config is not string and check_cols_config is iterable and check_cols_config | length > 0 -%}
    {#- The warehouse says how the names are spelt. -#}
    {%- set wanted = get_columns_in_query('select ' ~ check_cols_config | join(', ') ~ ' from (\n' ~ node['compiled_code'] ~ '\n) subq') -%}
  {%- else -%}
    {%- do exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ check_cols_config) -%}
  {%- endif -%}
  {%- set target = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) -%}
  {%- set present = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
  {%- set checked = [] -%}
  {%- for name in wanted if name in present -%}{%- do checked.append(adapter.quote(name)) -%}{%- endfor -%}
  {{- return((checked | length < wanted | length, checked)) -}}
{% endmacro %}

{% macro get_true_sql() %}
  {{- adapter.dispatch('get_true_sql', 'dbt')() -}}
{% endmacro %}

{% macro default__get_true_sql() %}
  {{- return('TRUE') -}}
{% endmacro %}
