{% macro postgres__snapshot_get_time() -%}
  {{ current_timestamp() }}::timestamp without time zone
{%- endmacro %}

{% macro postgres__snapshot_string_as_time(timestamp) %}
  {{- return("'" ~ timestamp ~ "'::timestamp without time zone") -}}
{% endmacro %}
