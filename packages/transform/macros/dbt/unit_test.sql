{# Both sides in one result, told apart by a column. #}
{% macro get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
  {{ adapter.dispatch('get_unit_test_sql', 'dbt')(main_sql, expected_fixture_sql, expected_column_names) }}
{%- endmacro %}

{% macro default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
{%- set names, side = expected_column_names | join(', '), adapter.quote('actual_or_expected') -%}
with dbt_internal_unit_test_actual as (
  select {{ names }}, {{ dbt.string_literal('actual') }} as {{ side }}
  from (
    {{ main_sql }}
  ) _dbt_internal_unit_test_actual
),
dbt_internal_unit_test_expected as (
  select {{ names }}, {{ dbt.string_literal('expected') }} as {{ side }}
  from (
    {{ expected_fixture_sql }}
  ) _dbt_internal_unit_test_expected
)
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
{%- endmacro %}

{# Gives the model's rows over the test's inputs, and the rows that the test expects, with the model's types. #}
{% materialization unit, default %}
  {%- set expected_rows, expected_sql = config.get('expected_rows') or [], config.get('expected_sql') -%}
  {#- An empty table of the model's shape tells the types of its columns. -#}
  {%- set shape = make_temp_relation(this.incorporate(type='table')) -%}
  {%- do run_query(get_create_table_as_sql(True, shape, get_empty_subquery_sql(sql))) -%}
  {%- set types, quoted = {}, {} -%}
  {%- for column in adapter.get_columns_in_relation(shape) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- do quoted.update({column.name | lower: column.quoted}) -%}
  {%- endfor -%}
  {%- set tested = expected_rows[0].keys() if expected_rows else get_columns_in_query(sql) -%}
  {%- set names = [] -%}
  {%- for name in tested -%}{%- do names.append(quoted[name | lower]) -%}{%- endfor -%}
  {%- if not expected_sql -%}{%- set expected_sql = get_expected_sql(expected_rows, types, quoted) -%}{%- endif -%}
  {%- call statement('main', fetch_result=True) -%}
    {{ get_unit_test_sql(sql, expected_sql, names) }}
  {%- endcall -%}
  {%- do adapter.drop_relation(shape.incorporate(type='table')) -%}
  {{- return({'relations': []}) -}}
{% endmaterialization %}
