{# A table of the file's rows: made when it is missing, emptied and filled otherwise. #}
{% materialization seed, default %}
  {%- set existing = load_cached_relation(this) -%}
  {%- if existing is not none and existing.is_view -%}
    {%- do exceptions.raise_compiler_error("Cannot seed to '" ~ existing.render() ~ "', it is a view") -%}
  {%- endif -%}
  {%- set rows = store_result('agate_table', response='OK', agate_table=load_agate_table()) -%}
  {%- set table = load_result('agate_table').table -%}
  {%- set full_refresh = should_full_refresh() -%}

  {{- run_hooks(pre_hooks, inside_transaction=False) -}}
  {{- run_hooks(pre_hooks, inside_transaction=True) -}}

  {%- if existing is none -%}
    {%- set create_sql = create_csv_table(model, table) -%}
  {%- else -%}
    {%- set create_sql = reset_csv_table(model, full_refresh, existing, table) -%}
  {%- endif -%}
  {%- set insert_sql = load_csv_rows(model, table) -%}
  {%- set code = 'CREATE' if full_refresh else 'INSERT' -%}
  {%- set count = table.rows | length -%}
  {%- call noop_statement('main', code ~ ' ' ~ count, code, count) -%}
    {{ get_csv_sql(create_sql, insert_sql) }};
  {%- endcall -%}

  {%- set target = this.incorporate(type='table') -%}
  {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh)) -%}
  {%- do persist_docs(target, model) -%}
  {%- if full_refresh or existing is none -%}{%- do create_indexes(target) -%}{%- endif -%}
  {{- run_hooks(post_hooks, inside_transaction=True) -}}
  {%- do adapter.commit() -%}
  {{- run_hooks(post_hooks, inside_transaction=False) -}}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}

{% macro create_csv_table(model, agate_table) %}
  {{- return(adapter.dispatch('create_csv_table', 'dbt')(model, agate_table)) -}}
{% endmacro %}

{% macro default__create_csv_table(model, agate_table) %}
  {%- set types = model['config'].get('column_types') or {} -%}
  {%- set quoted = model['config'].get('quote_columns', none) -%}
  {%- set sql -%}
    create table {{ this.render() }} (
      {%- for name in agate_table.column_names -%}
        {%- set type = types.get(name) or adapter.convert_type(agate_table, loop.index0) -%}
        {{ adapter.quote_seed_column(name | string, quoted) }} {{ type }}{{ ', ' if not loop.last }}
      {%- endfor -%}
    )
  {%- endset -%}
  {%- call statement('_') -%}{{ sql }}{%- endcall -%}
  {{- return(sql) -}}
{% endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {{- return(adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table)) -}}
{% endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {%- if full_refresh -%}
    {%- do adapter.drop_relation(old_relation) -%}
    {{- return(create_csv_table(model, agate_table)) -}}
  {%- endif -%}
  {%- do adapter.truncate_relation(old_relation) -%}
  {{- return('truncate table ' ~ old_relation.render()) -}}
{% endmacro %}

{% macro get_csv_sql(create_or_truncate_sql, insert_sql) %}
  {{- adapter.dispatch('get_csv_sql', 'dbt')(create_or_truncate_sql, insert_sql) -}}
{% endmacro %}

{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) %}
    {{ create_or_truncate_sql }};
    -- dbt seed --
    {{ insert_sql }}
{% endmacro %}

{% macro get_binding_char() %}
  {{- adapter.dispatch('get_binding_char', 'dbt')() -}}
{% endmacro %}

{% macro default__get_binding_char() %}
  {{- return('%s') -}}
{% endmacro %}

{% macro get_batch_size() %}
  {{- return(adapter.dispatch('get_batch_size', 'dbt')()) -}}
{% endmacro %}

{% macro default__get_batch_size() %}
  {{- return(10000) -}}
{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
  {%- set quoted = [] -%}
  {%- for name in column_names -%}
    {%- do quoted.append(adapter.quote_seed_column(name | string, model['config'].get('quote_columns', none))) -%}
  {%- endfor -%}
  {{- return(quoted | join(', ')) -}}
{% endmacro %}

{% macro load_csv_rows(model, agate_table) %}
  {{- return(adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table)) -}}
{% endmacro %}

{% macro default__load_csv_rows(model, agate_table) %}
  {%- set names = get_seed_column_quoted_csv(model, agate_table.column_names) -%}
  {%- set head = 'insert into ' ~ this.render() ~ ' (' ~ names ~ ') values ' -%}
  {%- for rows in adapter.seed_value_lists(agate_table, get_batch_size()) -%}
    {%- do adapter.add_query(head ~ rows, abridge_sql_log=True) -%}
  {%- endfor -%}
  {{- return(head ~ '(…)') -}}
{% endmacro %}
