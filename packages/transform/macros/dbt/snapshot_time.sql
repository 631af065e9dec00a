{# The time of the snapshot, without a zone, as it is kept in tables. #}
{% macro snapshot_get_time() %}
  {{- adapter.dispatch('snapshot_get_time', 'dbt')() -}}
{% endmacro %}

{% macro default__snapshot_get_time() -%}
  {{ current_timestamp() }}
{%- endmacro %}

{% macro snapshot_string_as_time(timestamp) %}
  {{- adapter.dispatch('snapshot_string_as_time', 'dbt')(timestamp) -}}
{% endmacro %}

{% macro default__snapshot_string_as_time(timestamp) %}
  {%- do exceptions.raise_not_implemented('snapshot_string_as_time macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{% macro get_snapshot_get_time_data_type() %}
  {%- set columns = get_column_schema_from_query('select ' ~ snapshot_get_time() ~ ' as dbt_snapshot_time') -%}
  {{- return(columns[0].dtype or none) -}}
{% endmacro %}

{# The type of `dbt_updated_at` in a query that builds a snapshot; none where it has no such column. #}
{% macro get_updated_at_column_data_type(snapshot_sql) %}
  {%- for column in get_column_schema_from_query(snapshot_sql) if column.column | lower == 'dbt_updated_at' -%}
    {{- return(column.dtype or none) -}}
  {%- endfor -%}
  {{- return(none) -}}
{% endmacro %}

{# Warns where the times of rows and that of the run are of two types: they would be compared with each other. #}
{% macro check_time_data_types(sql) %}
  {%- set of_rows, of_run = get_updated_at_column_data_type(sql), get_snapshot_get_time_data_type() -%}
  {%- if of_rows is not none and of_run is not none and of_rows != of_run -%}
    {{- exceptions.warn_snapshot_timestamp_data_types(of_run, of_rows) -}}
  {%- endif -%}
{% endmacro %}
