{% materialization snapshot, adapter='snowflake' %}
  {%- set tag = set_query_tag() -%}
  {%- set made = materialization_snapshot_default() -%}
  {%- do unset_query_tag(tag) -%}
  {{- return(made) -}}
{% endmaterialization %}

{% macro snowflake__snapshot_merge_sql(target, source, insert_cols) %}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set valid_to, names = 'DBT_INTERNAL_DEST.' ~ columns.dbt_valid_to, insert_cols | join(', ') -%}
  {%- set end = config.get('dbt_valid_to_current') -%}
  {%- set current = valid_to ~ ' is null' -%}
  {%- if end -%}{%- set current = '(' ~ equals(valid_to, end | trim) ~ ' or ' ~ current ~ ')' -%}{%- endif -%}
  {%- set dml -%}
    merge into {{ target.render() }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}
    when matched and {{ current }} and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
    then update set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    when not matched and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
    then insert ({{ names }}) values ({{ names }})
  {%- endset -%}
  {{- return(snowflake_dml_explicit_transaction(dml)) -}}
{% endmacro %}

{% materialization test, adapter='snowflake' %}
  {%- set tag = set_query_tag() -%}
  {%- set made = materialization_test_default() -%}
  {%- do unset_query_tag(tag) -%}
  {{- return(made) -}}
{% endmaterialization %}
