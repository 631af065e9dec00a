{#- Without a zone, as the columns of a snapshot are. -#}
{% macro snowflake__snapshot_get_time() -%}
  to_timestamp_ntz({{ current_timestamp() }})
{%- endmacro %}

{% macro snowflake__snapshot_string_as_time(timestamp) %}
  {{- return("to_timestamp_ntz('" ~ timestamp ~ "')") -}}
{% endmacro %}

{#- The staged rows are a temporary table, which ends with the session. -#}
{% macro snowflake__post_snapshot(staging_relation) %}
{% endmacro %}
