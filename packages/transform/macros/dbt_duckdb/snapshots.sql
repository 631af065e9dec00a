{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {%- set staged = duckdb__dispatch_temporary_relation(target_relation) -%}
  {%- call statement('build_snapshot_staging_relation') -%}
    {{ create_table_as(staged.temporary, staged.relation, snapshot_staging_table(strategy, sql, target_relation)) }}
  {%- endcall -%}
  {{- return(staged.relation) -}}
{% endmacro %}

{% macro duckdb__snapshot_merge_sql(target, source, insert_cols) -%}
  {{ default__snapshot_merge_sql(target, source, insert_cols) }}
{%- endmacro %}

{% macro duckdb__post_snapshot(staging_relation) %}
  {{- default__post_snapshot(staging_relation) -}}
{% endmacro %}
