{% materialization seed, adapter='snowflake' %}
  {%- set tag = set_query_tag() -%}
  {%- set made = materialization_seed_default() -%}
  {%- do unset_query_tag(tag) -%}
  {{- return(made) -}}
{% endmaterialization %}

{#- Each batch is a transaction, so that a failure leaves whole batches. -#}
{% macro snowflake__load_csv_rows(model, agate_table) %}
  {%- set names = get_seed_column_quoted_csv(model, agate_table.column_names) -%}
  {%- set head = 'insert into ' ~ this.render() ~ ' (' ~ names ~ ') values ' -%}
  {%- for rows in adapter.seed_value_lists(agate_table, get_batch_size()) -%}
    {%- do adapter.add_query(snowflake_dml_explicit_transaction(head ~ rows), abridge_sql_log=True) -%}
  {%- endfor -%}
  {{- return(head ~ '(…)') -}}
{% endmacro %}
