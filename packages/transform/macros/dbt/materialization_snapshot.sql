{# Keeps every version of the query's rows: closes those that have changed or gone, and adds the new ones. #}
{% materialization snapshot, default %}
  {%- set name = model.get('alias') or model.get('name') -%}
  {%- set exists, target = get_or_create_relation(database=model.database, schema=model.schema, identifier=name, type='table') -%}
  {%- if not target.is_table -%}{%- do exceptions.relation_wrong_type(target, 'table') -%}{%- endif -%}

  {{- run_hooks(pre_hooks, inside_transaction=False) -}}
  {{- run_hooks(pre_hooks, inside_transaction=True) -}}

  {%- set strategy = strategy_dispatch(config.get('strategy'))(model, 'snapshotted_data', 'source_data', model['config'], exists) -%}
  {%- set staged = none -%}
  {%- if not exists -%}
    {%- set rows_sql = build_snapshot_table(strategy, model['compiled_code']) -%}
    {%- set final_sql = create_table_as(False, target, rows_sql) -%}
  {%- else -%}
    {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
    {%- do adapter.assert_valid_snapshot_target_given_strategy(target, columns, strategy) -%}
    {%- set rows_sql = snapshot_staging_table(strategy, sql, target) -%}
    {%- set staged = build_snapshot_staging_table(strategy, sql, target) -%}
    {%- do adapter.expand_target_column_types(from_relation=staged, to_relation=target) -%}

    {#- The columns that only the staged rows have; their names may be in upper case. -#}
    {%- set helpers = ['dbt_change_type', 'dbt_unique_key'] -%}
    {%- if strategy.unique_key is not string -%}
      {%- for part in strategy.unique_key -%}{%- do helpers.append('dbt_unique_key_' ~ loop.index) -%}{%- endfor -%}
    {%- endif -%}
    {%- set helpers = helpers + (helpers | map('upper') | list) -%}
    {%- do create_columns(target, adapter.get_missing_columns(staged, target) | rejectattr('name', 'in', helpers) | list) -%}
    {%- set names = [] -%}
    {%- for column in adapter.get_columns_in_relation(staged) | rejectattr('name', 'in', helpers) -%}
      {%- do names.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    {%- set final_sql = snapshot_merge_sql(target=target, source=staged, insert_cols=names) -%}
  {%- endif -%}

  {%- do check_time_data_types(rows_sql) -%}
  {%- call statement('main') -%}
    {{ final_sql }}
  {%- endcall -%}

  {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(exists, full_refresh_mode=False)) -%}
  {%- do persist_docs(target, model) -%}
  {%- if not exists -%}{%- do create_indexes(target) -%}{%- endif -%}
  {{- run_hooks(post_hooks, inside_transaction=True) -}}
  {%- do adapter.commit() -%}
  {%- if staged is not none -%}{%- do post_snapshot(staged) -%}{%- endif -%}
  {{- run_hooks(post_hooks, inside_transaction=False) -}}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}
