{#- The session's query tag while a node runs; Snowflake shows it beside each query. -#}
{% macro get_current_query_tag() %}
  {{- return(run_query("show parameters like 'query_tag' in session").rows[0]['value']) -}}
{% endmacro %}

{% macro set_query_tag() %}
  {{- return(adapter.dispatch('set_query_tag', 'dbt')()) -}}
{% endmacro %}

{% macro snowflake__set_query_tag() %}
  {%- if not config.get('query_tag') -%}{{- return(none) -}}{%- endif -%}
  {%- set former = get_current_query_tag() -%}
  {%- do run_query("alter session set query_tag = '" ~ config.get('query_tag') ~ "'") -%}
  {{- return(former) -}}
{% endmacro %}

{% macro unset_query_tag(original_query_tag) %}
  {{- return(adapter.dispatch('unset_query_tag', 'dbt')(original_query_tag)) -}}
{% endmacro %}

{% macro snowflake__unset_query_tag(original_query_tag) %}
  {%- if config.get('query_tag') and original_query_tag -%}
    {%- do run_query("alter session set query_tag = '" ~ original_query_tag ~ "'") -%}
  {%- elif config.get('query_tag') -%}
    {%- do run_query('alter session unset query_tag') -%}
  {%- endif -%}
{% endmacro %}
