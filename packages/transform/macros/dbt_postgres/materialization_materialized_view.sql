{% macro postgres__get_create_materialized_view_as_sql(relation, sql) -%}
  create materialized view if not exists {{ relation }} as {{ sql }};
  {% for index in config.get('indexes', default=[]) or [] -%}
    {{ get_create_index_sql(relation, index) }}{{ ';' if not loop.last }}
  {% endfor %}
{%- endmacro %}

{% macro postgres__refresh_materialized_view(relation) -%}
  refresh materialized view {{ relation }}
{%- endmacro %}

{# Of its settings the indexes alone are known to the server as they were written. #}
{% macro postgres__describe_materialized_view(relation) %}
  {{- return({'indexes': run_query(get_show_indexes_sql(relation))}) -}}
{% endmacro %}

{% macro postgres__get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {%- set present = postgres__describe_materialized_view(existing_relation) -%}
  {{- return(existing_relation.get_materialized_view_config_change_collection(present, new_config.model)) -}}
{% endmacro %}

{% macro postgres__get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) %}
  {%- if configuration_changes.requires_full_refresh -%}
    {{- get_replace_sql(existing_relation, relation, sql) -}}
  {%- else -%}
    {{- postgres__update_indexes_on_materialized_view(relation, configuration_changes.indexes) -}}
  {%- endif -%}
{% endmacro %}

{% macro postgres__update_indexes_on_materialized_view(relation, index_changes) -%}
  {%- do log('Applying UPDATE INDEXES to: ' ~ relation) -%}
  {%- for change in index_changes -%}
    {%- if change.action == 'drop' -%}
      {{ get_drop_index_sql(relation, change.context.name) }}
    {%- else -%}
      {{ get_create_index_sql(relation, change.context.as_node_config) }}
    {%- endif -%}
    {{ ';' if not loop.last }}
  {% endfor -%}
{%- endmacro %}

{% macro postgres__get_show_indexes_sql(relation) %}
  select i.relname as name, m.amname as method, x.indisunique as "unique",
    array_to_string(array_agg(a.attname), ',') as column_names
  from pg_index x
  join pg_class i on i.oid = x.indexrelid
  join pg_am m on m.oid = i.relam
  join pg_class t on t.oid = x.indrelid
  join pg_namespace n on n.oid = t.relnamespace
  join pg_attribute a on a.attrelid = t.oid and a.attnum = any(x.indkey)
  where t.relname = '{{ relation.identifier }}' and n.nspname = '{{ relation.schema }}' and t.relkind in ('r', 'm')
  group by 1, 2, 3
  order by 1, 2, 3
{% endmacro %}

{% macro postgres__get_drop_index_sql(relation, index_name) -%}
  drop index if exists {{ adapter.quote(relation.schema) }}.{{ adapter.quote(index_name) }}
{%- endmacro %}
