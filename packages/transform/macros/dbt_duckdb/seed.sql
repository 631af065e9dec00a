{# DuckDB reads the file itself, which is faster and has its own view of what an empty field is. `fast: false` turns it off. #}
{% macro duckdb__load_csv_rows(model, agate_table) %}
  {%- if not config.get('fast', true) -%}{{- return(default__load_csv_rows(model, agate_table)) -}}{%- endif -%}
  {%- set file = adapter.get_seed_file_path(model) | replace("'", "''") -%}
  {%- set sql -%}
    COPY {{ this.render() }} FROM '{{ file }}' (FORMAT CSV, HEADER TRUE, DELIMITER '{{ config.get('delimiter', ',') }}')
  {%- endset -%}
  {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
  {{- return(sql) -}}
{% endmacro %}

{% macro duckdb__get_binding_char() %}
  {{- return(adapter.get_binding_char()) -}}
{% endmacro %}

{% macro duckdb__get_batch_size() %}
  {{- return(10000) -}}
{% endmacro %}
