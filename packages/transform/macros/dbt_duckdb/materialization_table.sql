{#
  As on every warehouse. dbt-duckdb has its own of these two, so that a project's `default` ones do not go before them.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
  {%- do warn_of_layout(this) -%}
  {{- return(build_table_model()) -}}
{% endmaterialization %}

{% materialization incremental, adapter='duckdb', supported_languages=['sql', 'python'] %}
  {%- do warn_of_layout(this) -%}
  {{- return(build_incremental_model()) -}}
{% endmaterialization %}

{# Partitions and sorting are those of DuckLake: other tables have none. #}
{% macro warn_of_layout(relation) %}
  {%- do duckdb__get_partitioned_by(relation, false) -%}
  {%- do duckdb__get_sorted_by(relation, false) -%}
{% endmacro %}

{% macro duckdb__get_partitioned_by(relation, temporary) %}
  {%- set columns = layout_columns(relation, temporary, 'partitioned_by', 'partition_by') -%}
  {{- return(none if columns is none else columns | join(', ')) -}}
{% endmacro %}

{% macro duckdb__get_sorted_by(relation, temporary) %}
  {%- set columns = layout_columns(relation, temporary, 'sorted_by', 'sort_by') -%}
  {{- return(none if columns is none else get_quoted_csv(columns)) -}}
{% endmacro %}

{# None where nothing is set, or where it means nothing for the relation. #}
{% macro layout_columns(relation, temporary, name, other_name) %}
  {%- set given = config.get(name) or config.get(other_name) -%}
  {%- if temporary or given is none -%}{{- return(none) -}}{%- endif -%}
  {%- set both = name ~ '/' ~ other_name -%}
  {%- set columns = normalize_string_or_list(given, both) -%}
  {%- if columns | length == 0 -%}
    {%- do exceptions.raise_compiler_error(both ~ ' must contain at least one column') -%}
  {%- endif -%}
  {%- if not adapter.is_ducklake(relation) -%}
    {%- do adapter.warn_once(both ~ ' is only supported for DuckLake relations; ignoring for ' ~ relation) -%}
    {{- return(none) -}}
  {%- endif -%}
  {{- return(columns) -}}
{% endmacro %}

{% macro duckdb__alter_table_set_partitioned_by(relation, partitioned_by) -%}
  alter table {{ relation }} set partitioned by ({{ partitioned_by }});
{%- endmacro %}

{% macro duckdb__alter_table_set_sorted_by(relation, sorted_by) -%}
  alter table {{ relation }} set sorted by ({{ sorted_by }});
{%- endmacro %}
