{# DuckDB knows no users. #}
{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) %}
  {%- if grant_config -%}{%- do adapter.warn_once('Grants for relations are not supported by DuckDB') -%}{%- endif -%}
{% endmacro %}
