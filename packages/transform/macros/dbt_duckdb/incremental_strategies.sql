{% macro duckdb__get_incremental_default_sql(arg_dict) %}
  {{- return(get_incremental_delete_insert_sql(arg_dict)) -}}
{% endmacro %}

{# Replaces the rows of the batch's window. #}
{% macro duckdb__get_incremental_microbatch_sql(arg_dict) %}
  {%- set event_time = config.get('event_time') -%}
  {%- if not event_time -%}
    {%- do exceptions.raise_compiler_error("microbatch incremental strategy requires an 'event_time' model config") -%}
  {%- endif -%}
  {%- if config.get('unique_key') -%}
    {%- do exceptions.raise_compiler_error("microbatch incremental strategy does not support 'unique_key': each batch replaces the rows of its window. Remove 'unique_key' or use incremental_strategy='merge'.") -%}
  {%- endif -%}
  {%- set window = event_time ~ " >= '" ~ model.batch.event_time_start ~ "' and " ~ event_time ~ " < '" ~ model.batch.event_time_end ~ "'" -%}
  {%- set names = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set sql -%}
    delete from {{ arg_dict['target_relation'] }} where {{ window }}
    {%- for predicate in arg_dict['incremental_predicates'] or [] %} and ({{ predicate }}){% endfor %};
    insert into {{ arg_dict['target_relation'] }} ({{ names }})
    select {{ names }} from {{ arg_dict['temp_relation'] }} where {{ window }};
  {%- endset -%}
  {{- return(sql) -}}
{% endmacro %}

{# By several columns with a join, which DuckDB does faster than by a list of tuples. #}
{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {%- if unique_key is string or not unique_key -%}
      {{- return(default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates)) -}}
    {%- endif -%}
    delete from {{ target }} as DBT_INCREMENTAL_TARGET
    using {{ source }}
    where (
        {%- for key in unique_key %}
        {{ source }}.{{ key }} = DBT_INCREMENTAL_TARGET.{{ key }}{{ ' and' if not loop.last }}
        {%- endfor %}
        {%- for predicate in incremental_predicates or [] %}
        and {{ predicate }}
        {%- endfor %}
    );
    {{ get_insert_into_sql(target, source, dest_columns) }}
{%- endmacro %}
