{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
  {%- if on_schema_change in ['sync_all_columns', 'append_new_columns', 'fail', 'ignore'] -%}
    {{- return(on_schema_change) -}}
  {%- endif -%}
  {%- do log('on_schema_change is ' ~ on_schema_change ~ ', which means nothing: ' ~ default ~ ' is taken') -%}
  {{- return(default) -}}
{% endmacro %}

{# Brings the table's columns in line with those of the new rows. Returns the columns to write; none of them, if any may be. #}
{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {{- return(adapter.dispatch('process_schema_changes', 'dbt')(on_schema_change, source_relation, target_relation)) -}}
{% endmacro %}

{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {%- if on_schema_change == 'ignore' -%}{{- return({}) -}}{%- endif -%}
  {%- set changes = check_for_schema_changes(source_relation, target_relation) -%}
  {%- if changes['schema_changed'] and on_schema_change == 'fail' -%}
    {%- set names = {'added': 'none', 'gone': 'none'} -%}
    {%- if changes['source_not_in_target'] -%}
      {%- do names.update({'added': changes['source_not_in_target'] | map(attribute='quoted') | join(', ')}) -%}
    {%- endif -%}
    {%- if changes['target_not_in_source'] -%}
      {%- do names.update({'gone': changes['target_not_in_source'] | map(attribute='quoted') | join(', ')}) -%}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
      'The columns of this incremental model have changed and its on_schema_change is "fail". New: ' ~ names['added']
      ~ '. Gone: ' ~ names['gone'] ~ '. Other types: ' ~ changes['new_target_types']
      ~ '. Run once with --full-refresh, or set on_schema_change to append_new_columns or sync_all_columns.'
    ) -%}
  {%- elif changes['schema_changed'] -%}
    {%- do sync_column_schemas(on_schema_change, target_relation, changes) -%}
  {%- endif -%}
  {{- return(changes['source_columns']) -}}
{% endmacro %}

{% macro check_for_schema_changes(source_relation, target_relation) %}
  {{- return(adapter.dispatch('check_for_schema_changes', 'dbt')(source_relation, target_relation)) -}}
{% endmacro %}

{% macro default__check_for_schema_changes(source_relation, target_relation) %}
  {%- set wanted = adapter.get_columns_in_relation(source_relation) -%}
  {%- set present = adapter.get_columns_in_relation(target_relation) -%}
  {%- set added, gone = diff_columns(wanted, present), diff_columns(present, wanted) -%}
  {%- set retyped = diff_column_data_types(wanted, present) -%}
  {{- return({
    'schema_changed': (added or gone or retyped) | length > 0,
    'source_not_in_target': added,
    'target_not_in_source': gone,
    'source_columns': wanted,
    'target_columns': present,
    'new_target_types': retyped
  }) -}}
{% endmacro %}

{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {{- return(adapter.dispatch('sync_column_schemas', 'dbt')(on_schema_change, target_relation, schema_changes_dict)) -}}
{% endmacro %}

{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {%- set all = on_schema_change == 'sync_all_columns' -%}
  {%- set added = schema_changes_dict['source_not_in_target'] -%}
  {%- set gone = schema_changes_dict['target_not_in_source'] if all else [] -%}
  {%- if added or gone -%}
    {%- do alter_relation_add_remove_columns(target_relation, added, gone) -%}
  {%- endif -%}
  {%- for change in schema_changes_dict['new_target_types'] if all -%}
    {%- do alter_column_type(target_relation, change['column_name'], change['new_type']) -%}
  {%- endfor -%}
{% endmacro %}

{% macro diff_columns(source_columns, target_columns) %}
  {%- set names = target_columns | map(attribute='name') | list -%}
  {{- return(source_columns | rejectattr('name', 'in', names) | list) -}}
{% endmacro %}

{% macro diff_column_data_types(source_columns, target_columns) %}
  {{- return(adapter.dispatch('diff_column_data_types', 'dbt')(source_columns, target_columns)) -}}
{% endmacro %}

{% macro default__diff_column_data_types(source_columns, target_columns) %}
  {%- set changes = [] -%}
  {%- for column in source_columns -%}
    {%- set present = target_columns | selectattr('name', 'equalto', column.name) | list | first -%}
    {%- if present and column.expanded_data_type != present.expanded_data_type and not column.can_expand_to(other_column=present) -%}
      {%- do changes.append({'column_name': present.name, 'new_type': column.expanded_data_type}) -%}
    {%- endif -%}
  {%- endfor -%}
  {{- return(changes) -}}
{% endmacro %}
