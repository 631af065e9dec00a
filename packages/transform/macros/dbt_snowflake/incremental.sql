{#- A view is enough where one statement reads the new rows; where two do, both must see the same ones. -#}
{% macro dbt_snowflake_get_tmp_relation_type(strategy, unique_key, language) %}
  {%- set wanted = config.get('tmp_relation_type') -%}
  {%- set reads_twice = strategy in ['delete+insert', 'microbatch'] and unique_key is not none -%}
  {%- if reads_twice and wanted is not none and wanted != 'table' -%}
    {%- do exceptions.raise_compiler_error('In order to maintain consistent results when `unique_key` is not none, the `' ~ strategy ~ '` strategy only supports `table` for `tmp_relation_type` but ' ~ wanted ~ ' was specified.') -%}
  {%- endif -%}
  {%- if language == 'sql' and wanted in ['table', 'view'] -%}{{- return(wanted) -}}{%- endif -%}
  {%- set reads_once = strategy in ['default', 'merge', 'append', 'insert_overwrite'] or (strategy in ['delete+insert', 'microbatch'] and unique_key is none) -%}
  {{- return('view' if language == 'sql' and reads_once else 'table') -}}
{% endmacro %}

{% materialization incremental, adapter='snowflake' %}
  {%- set tag = set_query_tag() -%}
  {%- set full_refresh = should_full_refresh() -%}
  {%- set target = api.Relation.create(database=database, schema=schema, identifier=this.name, type='table') -%}
  {%- set existing = load_relation(this) -%}
  {%- set unique_key = config.get('unique_key') -%}
  {%- set strategy = config.get('incremental_strategy') or 'default' -%}
  {%- set staged_type = dbt_snowflake_get_tmp_relation_type(strategy, unique_key, model['language']) -%}
  {%- set staged = make_temp_relation(this).incorporate(type=staged_type) -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {{- run_hooks(pre_hooks) -}}

  {%- if existing is none or full_refresh or not existing.is_table -%}
    {%- if existing is not none and not existing.is_table -%}{{- drop_relation_if_exists(existing) -}}{%- endif -%}
    {%- call statement('main') -%}{{ create_table_as(False, target, compiled_code) }}{%- endcall -%}
  {%- else -%}
    {%- call statement('create_tmp_relation') -%}
      {%- if staged_type == 'view' -%}{{ snowflake__create_view_as_with_temp_flag(staged, compiled_code, True) }}
      {%- else -%}{{ create_table_as(True, staged, compiled_code) }}
      {%- endif -%}
    {%- endcall -%}
    {%- do adapter.expand_target_column_types(from_relation=staged, to_relation=target) -%}
    {%- set columns = process_schema_changes(on_schema_change, staged, existing) or adapter.get_columns_in_relation(existing) -%}
    {%- set build = adapter.get_incremental_strategy_macro(context, strategy) -%}
    {%- call statement('main') -%}
      {{ build({
        'target_relation': target,
        'temp_relation': staged,
        'unique_key': unique_key,
        'dest_columns': columns,
        'incremental_predicates': config.get('predicates') or config.get('incremental_predicates')
      }) }}
    {%- endcall -%}
  {%- endif -%}

  {%- do drop_relation_if_exists(staged) -%}
  {{- run_hooks(post_hooks) -}}
  {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing.is_table, full_refresh)) -%}
  {%- do persist_docs(target, model) -%}
  {%- do unset_query_tag(tag) -%}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}

{#- Statements that change rows stand in a transaction of their own: the session commits each statement otherwise. -#}
{% macro snowflake_dml_explicit_transaction(dml) %}
  {{- return('begin;\n' ~ dml ~ ';\ncommit;') -}}
{% endmacro %}

{% macro snowflake__get_incremental_default_sql(arg_dict) %}
  {{- return(get_incremental_merge_sql(arg_dict)) -}}
{% endmacro %}

{% macro snowflake__get_incremental_append_sql(arg_dict) %}
  {{- return(snowflake_dml_explicit_transaction(default__get_incremental_append_sql(arg_dict))) -}}
{% endmacro %}

{#- Snowflake refuses a merge that can never match, so without a key it is an insert. -#}
{% macro snowflake__get_merge_sql(target, source_sql, unique_key, dest_columns, incremental_predicates) %}
  {%- if unique_key is not none -%}
    {{- return(snowflake_dml_explicit_transaction(snowflake_merge(target, source_sql, unique_key, dest_columns, incremental_predicates))) -}}
  {%- endif -%}
  {%- set header = config.get('sql_header') or '' -%}
  {{- return(snowflake_dml_explicit_transaction(header ~ '\n' ~ get_insert_into_sql(target, source_sql, dest_columns))) -}}
{% endmacro %}

{% macro snowflake_merge(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {%- set conditions = [] + (incremental_predicates or []) -%}
  {%- set keys = [unique_key] if unique_key is string else unique_key -%}
  {%- for key in keys -%}
    {%- set condition = get_merge_unique_key_match('DBT_INTERNAL_SOURCE.' ~ key, 'DBT_INTERNAL_DEST.' ~ key) -%}
    {%- do conditions.append('(' ~ condition ~ ')' if unique_key is string else condition) -%}
  {%- endfor -%}
  {%- set updated = get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) -%}
  {%- set names = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {{ config.get('sql_header') or '' }}
  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  on ({{ conditions | join(') and (') }})
  when matched then update set
  {% for column in updated %}{{ column }} = DBT_INTERNAL_SOURCE.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
  when not matched then insert ({{ names }}) values ({{ names }})
{%- endmacro %}

{% macro snowflake__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
  {{- return(snowflake_dml_explicit_transaction(default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates))) -}}
{% endmacro %}

{#- Replaces every row of the table, not those of a partition: Snowflake's OVERWRITE knows no other. -#}
{% macro snowflake__get_incremental_insert_overwrite_sql(arg_dict) %}
  {{- return(snowflake__insert_overwrite_get_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'], arg_dict['dest_columns'])) -}}
{% endmacro %}

{% macro snowflake__insert_overwrite_get_sql(target, source, unique_key, dest_columns) %}
  {%- set names = config.get('overwrite_columns') or [] -%}
  {%- set into = ' (' ~ names | join(', ') ~ ')' if names else '' -%}
  {%- set dml -%}
    {{ config.get('sql_header') or '' }}
    insert overwrite into {{ target.render() }}{{ into }} select {{ names | join(', ') if names else '*' }} from {{ source.render() }}
  {%- endset -%}
  {{- return(snowflake_dml_explicit_transaction(dml)) -}}
{% endmacro %}

{% macro snowflake__get_incremental_microbatch_sql(arg_dict) %}
  {%- set target, columns = arg_dict['target_relation'], get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set conditions = [] + (arg_dict.get('incremental_predicates') or []) -%}
  {%- set field = 'DBT_INTERNAL_TARGET.' ~ model.config.event_time -%}
  {%- if model.batch and model.batch.event_time_start -%}
    {%- do conditions.append(field ~ " >= to_timestamp_tz('" ~ model.config.__dbt_internal_microbatch_event_time_start ~ "')") -%}
  {%- endif -%}
  {%- if model.batch and model.batch.event_time_end -%}
    {%- do conditions.append(field ~ " < to_timestamp_tz('" ~ model.config.__dbt_internal_microbatch_event_time_end ~ "')") -%}
  {%- endif -%}
  delete from {{ target }} DBT_INTERNAL_TARGET where ( {{ conditions | join(' and ') }} );
  insert into {{ target }} ({{ columns }}) ( select {{ columns }} from {{ arg_dict['temp_relation'] }} )
{% endmacro %}
