{% materialization incremental, default %}
  {{- return(build_incremental_model()) -}}
{% endmaterialization %}

{# The first time, and on a full refresh, as a table; otherwise the query's rows go into what is there. #}
{% macro build_incremental_model() %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- set staged = make_temp_relation(target) -%}
  {%- set aside = make_intermediate_relation(target) -%}
  {%- set backup = make_backup_relation(target, 'table' if existing is none else existing.type) -%}
  {%- set grants = config.get('grants') -%}
  {%- set rebuild = should_full_refresh() or (existing is not none and not existing.is_table) -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {%- set swap, to_drop = existing is not none and rebuild, [] -%}

  {{- drop_relation_if_exists(load_cached_relation(aside)) -}}
  {{- drop_relation_if_exists(load_cached_relation(backup)) -}}
  {{- run_hooks(pre_hooks, inside_transaction=False) -}}
  {{- run_hooks(pre_hooks, inside_transaction=True) -}}

  {%- set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') -%}
  {%- if existing is none -%}
    {%- set build_sql = get_create_table_as_sql(False, target, sql) -%}
  {%- elif rebuild -%}
    {%- set build_sql = get_create_table_as_sql(False, aside, sql) -%}
  {%- else -%}
    {%- do run_in_transaction(get_create_table_as_sql(True, staged, sql)) -%}
    {%- do to_drop.append(staged.incorporate(type='table')) -%}
    {%- set contract = config.get('contract') -%}
    {%- if not contract or not contract.enforced -%}
      {%- do adapter.expand_target_column_types(from_relation=staged, to_relation=target) -%}
    {%- endif -%}
    {%- set columns = process_schema_changes(on_schema_change, staged, existing) or adapter.get_columns_in_relation(existing) -%}
    {%- set build_sql = strategy({
      'target_relation': target,
      'temp_relation': staged,
      'unique_key': config.get('unique_key'),
      'dest_columns': columns,
      'incremental_predicates': config.get('predicates') or config.get('incremental_predicates')
    }) -%}
  {%- endif -%}

  {%- call statement('main') -%}
    {{ build_sql }}
  {%- endcall -%}

  {%- set built = aside if swap else target -%}
  {%- if (existing is none or rebuild) and indexes_before_rename() -%}{%- do create_indexes(built) -%}{%- endif -%}
  {%- if swap -%}
    {%- do move_aside(existing, backup) -%}
    {%- do adapter.rename_relation(aside, target) -%}
    {%- do to_drop.append(backup) -%}
  {%- endif -%}
  {%- if (existing is none or rebuild) and not indexes_before_rename() -%}{%- do create_indexes(target) -%}{%- endif -%}

  {%- do apply_grants(target, grants, should_revoke=should_revoke(existing, rebuild)) -%}
  {%- do persist_docs(target, model) -%}
  {{- run_hooks(post_hooks, inside_transaction=True) -}}
  {%- do adapter.commit() -%}
  {%- for relation in to_drop -%}{%- do adapter.drop_relation(relation) -%}{%- endfor -%}
  {{- run_hooks(post_hooks, inside_transaction=False) -}}
  {{- return({'relations': [target]}) -}}
{% endmacro %}

{# Begins the transaction too, so that reading the rows and writing them is one. #}
{% macro run_in_transaction(sql) %}
  {%- call statement(auto_begin=True) -%}{{ sql }}{%- endcall -%}
{% endmacro %}
