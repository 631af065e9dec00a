{% macro get_columns_in_relation(relation) %}
  {{- return(adapter.dispatch('get_columns_in_relation', 'dbt')(relation)) -}}
{% endmacro %}

{% macro default__get_columns_in_relation(relation) %}
  {%- set sql -%}
    select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
    from {{ relation.information_schema('columns') }}
    where table_name = '{{ relation.identifier }}'
      {% if relation.schema -%} and table_schema = '{{ relation.schema }}' {%- endif %}
    order by ordinal_position
  {%- endset -%}
  {%- call statement('get_columns_in_relation', fetch_result=True) -%}{{ sql }}{%- endcall -%}
  {{- return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) -}}
{% endmacro %}

{% macro sql_convert_columns_in_relation(table) %}
  {%- set columns = [] -%}
  {%- for row in table -%}{%- do columns.append(api.Column(*row)) -%}{%- endfor -%}
  {{- return(columns) -}}
{% endmacro %}

{% macro get_list_of_column_names(columns) %}
  {{- return(columns | map(attribute='name') | list) -}}
{% endmacro %}

{% macro get_quoted_csv(column_names) %}
  {%- set quoted = [] -%}
  {%- for name in column_names -%}{%- do quoted.append(adapter.quote(name)) -%}{%- endfor -%}
  {{- return(quoted | join(', ')) -}}
{% endmacro %}

{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) %}
  {{- return(adapter.dispatch('get_empty_subquery_sql', 'dbt')(select_sql, select_sql_header)) -}}
{% endmacro %}

{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
    {%- if select_sql_header is not none -%}
    {{ select_sql_header }}
    {%- endif -%}
    select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{% endmacro %}

{% macro get_empty_schema_sql(columns) %}
  {{- return(adapter.dispatch('get_empty_schema_sql', 'dbt')(columns)) -}}
{% endmacro %}

{% macro default__get_empty_schema_sql(columns) %}
  {%- set untyped = columns.values() | selectattr('data_type', 'none') | map(attribute='name') | list -%}
  {%- if untyped -%}{{- exceptions.column_type_missing(column_names=untyped) -}}{%- endif -%}
  {%- set unbounded = [] -%}
  {%- for column in columns.values() if column['data_type'].strip().lower() in ('numeric', 'decimal', 'number') -%}
    {%- do unbounded.append(column['name']) -%}
  {%- endfor -%}
  {%- if unbounded -%}
    {%- do exceptions.warn('Detected columns with numeric type and unspecified precision/scale, this can lead to unintended rounding: ' ~ unbounded) -%}
  {%- endif -%}
  select
  {% for column in columns.values() -%}
    {{ cast('null', column['data_type']) }} as {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}
    {{- ', ' if not loop.last }}
  {%- endfor %}
{% endmacro %}

{% macro get_column_schema_from_query(select_sql, select_sql_header=none) %}
  {{- return(adapter.get_column_schema_from_query(get_empty_subquery_sql(select_sql, select_sql_header))) -}}
{% endmacro %}

{% macro get_columns_in_query(select_sql) %}
  {{- return(adapter.dispatch('get_columns_in_query', 'dbt')(select_sql)) -}}
{% endmacro %}

{% macro default__get_columns_in_query(select_sql) %}
  {%- call statement('get_columns_in_query', fetch_result=True, auto_begin=False) -%}
    {{ get_empty_subquery_sql(select_sql) }}
  {%- endcall -%}
  {{- return(load_result('get_columns_in_query').table.columns | map(attribute='name') | list) -}}
{% endmacro %}

{% macro alter_column_type(relation, column_name, new_column_type) %}
  {{- return(adapter.dispatch('alter_column_type', 'dbt')(relation, column_name, new_column_type)) -}}
{% endmacro %}

{# By way of a second column: not every warehouse converts in place, and a view over the column would forbid it. #}
{% macro default__alter_column_type(relation, column_name, new_column_type) %}
  {%- set old, new = adapter.quote(column_name), adapter.quote(column_name ~ '__dbt_alter') -%}
  {%- call statement('alter_column_type') -%}
    alter table {{ relation.render() }} add column {{ new }} {{ new_column_type }};
    update {{ relation.render() }} set {{ new }} = {{ old }};
    alter table {{ relation.render() }} drop column {{ old }} cascade;
    alter table {{ relation.render() }} rename column {{ new }} to {{ old }}
  {%- endcall -%}
{% endmacro %}

{% macro alter_relation_add_remove_columns(relation, add_columns=none, remove_columns=none) %}
  {{- return(adapter.dispatch('alter_relation_add_remove_columns', 'dbt')(relation, add_columns, remove_columns)) -}}
{% endmacro %}

{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {%- set changes = [] -%}
  {%- for column in add_columns or [] -%}
    {%- do changes.append('add column ' ~ column.quoted ~ ' ' ~ column.expanded_data_type) -%}
  {%- endfor -%}
  {%- for column in remove_columns or [] -%}{%- do changes.append('drop column ' ~ column.quoted) -%}{%- endfor -%}
  {%- if changes -%}
    {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' ' ~ changes | join(', ')) -%}
  {%- endif -%}
{% endmacro %}
