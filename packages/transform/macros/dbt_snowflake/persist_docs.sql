{#- Between $$ nothing needs escaping but a second pair, so each dollar sign is put in brackets. -#}
{% macro snowflake_dollar_quoted(text) -%}
  $${{ text | replace('$', '[$]') }}$$
{%- endmacro %}

{% macro get_column_comment_sql(column_name, column_dict) -%}
  {%- set matching = [column_name | upper, column_name | lower, column_name] | select('in', column_dict) | list -%}
  {{ adapter.quote(column_name) }} COMMENT {{ snowflake_dollar_quoted(column_dict[matching[0]]['description'] if matching else '') }}
{%- endmacro %}

{% macro get_persist_docs_column_list(model_columns, query_columns) -%}
  ( {% for name in query_columns %}{{ get_column_comment_sql(name, model_columns) }}{{ ', ' if not loop.last }}{% endfor %} )
{%- endmacro %}

{% macro snowflake__alter_relation_comment(relation, relation_comment) -%}
  comment on {{ 'dynamic table' if relation.is_dynamic_table else relation.type }} {{ relation.render() }} IS {{ snowflake_dollar_quoted(relation_comment) }};
{%- endmacro %}

{#- All columns in one statement: each would be a change of the table by itself. -#}
{% macro snowflake__alter_column_comment(relation, column_dict) -%}
  {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
  alter {{ 'table' if relation.is_dynamic_table else relation.type }} {{ relation.render() }} alter
  {% for name in names %}{{ get_column_comment_sql(name, column_dict) }}{{ ',' if not loop.last else ';' }} {% endfor %}
{%- endmacro %}
