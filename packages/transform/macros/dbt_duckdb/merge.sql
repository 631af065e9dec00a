{% macro duckdb__get_incremental_merge_sql(args_dict) %}
  {{- return(duckdb__get_merge_sql(args_dict['target_relation'], args_dict['temp_relation'], args_dict['unique_key'], args_dict['dest_columns'], args_dict.get('incremental_predicates'))) -}}
{% endmacro %}

{# MERGE as dbt-duckdb's settings say: conditions, columns, expressions, or `merge_clauses` written out. #}
{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {%- do validate_merge_config(config, target) -%}
  {%- set predicates = normalize_incremental_predicates(incremental_predicates) -%}
  {%- set defaults = merge_clause_defaults(
    config.get('merge_update_condition'),
    config.get('merge_insert_condition'),
    config.get('merge_update_columns') or [],
    config.get('merge_exclude_columns') or [],
    config.get('merge_update_set_expressions') or {}
  ) -%}
  {%- set chosen = defaults['when_matched_update_explicit']['update'] -%}
  {%- set is_explicit = chosen.include or chosen.exclude or chosen.set_expressions -%}
  {%- set clauses = config.get('merge_clauses') or {} -%}
  {%- set matched = clauses.get('when_matched', [defaults.when_matched_update_explicit if is_explicit else defaults.when_matched_update_by_name]) -%}
  {%- set not_matched = clauses.get('when_not_matched', [defaults.when_not_matched_insert_by_name]) -%}
  {%- set returning = config.get('merge_returning_columns') -%}
  {{ config.get('sql_header') or '' }}
  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  {{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns') or [], predicates) }}
  {%- for clause in matched %}
  when matched {{- merge_condition(clause) }} then {{ merge_action(clause, clause.get('update', {}), dest_columns) }}
  {%- endfor %}
  {%- for clause in not_matched %}
  when not matched {{- ' by ' ~ clause.get('by') if clause.get('by') }} {{- merge_condition(clause) }} then {{ merge_action(clause, {'set_expressions': clause.get('set_expressions', {})}, none) }}
  {%- endfor %}
  {%- if returning %}
  returning {{ returning if returning is string else returning | join(', ') }}
  {%- endif %}
{%- endmacro %}

{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
  {%- set conditions = [] + (incremental_predicates or []) -%}
  {%- if merge_on_using_columns -%}
    using ({{ merge_on_using_columns | join(', ') }})
    {%- if conditions %} on ({{ conditions | join(') and (') }}){% endif %}
  {%- else -%}
    {%- set keys = [] if not unique_key else ([unique_key] if unique_key is string else unique_key) -%}
    {%- set joins = [] -%}
    {%- for key in keys -%}{%- do joins.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) -%}{%- endfor -%}
    on ({{ ((joins or ['FALSE']) + conditions) | join(') and (') }})
  {%- endif -%}
{%- endmacro %}

{% macro merge_condition(clause) -%}
  {%- set condition = clause.get('condition') -%}
  {%- if condition is string and condition %} and {{ condition }}
  {%- elif condition %} and ({{ condition | join(') and (') }})
  {%- endif -%}
{%- endmacro %}

{# `columns` are those that an explicit update may set; none where a clause inserts. #}
{% macro merge_action(clause, update, columns) -%}
  {%- set action, mode = clause.get('action'), clause.get('mode') -%}
  {%- set modes = {'by_name': 'by name', 'by_position': 'by position'} -%}
  {%- if action == 'update' and mode in modes -%} update {{ modes[mode] }}
  {%- elif action == 'update' and mode == 'star' -%} update set *
  {%- elif action == 'update' -%} update set {{ merge_assignments(update, columns) }}
  {%- elif action == 'insert' and mode in modes -%} insert {{ modes[mode] }}
  {%- elif action == 'insert' and mode == 'star' -%} insert *
  {%- elif action == 'insert' -%}
    {%- set given = clause.get('insert', {}) -%}
    insert ({{ given.get('columns', []) | join(', ') }}) values ({{ given.get('values', []) | join(', ') }})
  {%- elif action == 'delete' -%} delete
  {%- elif action == 'do_nothing' -%} do nothing
  {%- elif action == 'error' -%}
    {%- set message = clause.get('error_message') or '' -%}
    error{{ " '" ~ message | replace("'", "''") ~ "'" if message }}
  {%- else -%}
    {%- do exceptions.raise_compiler_error('merge_clauses: ' ~ (action or 'a clause without action') ~ ': an action is update, insert, delete, do_nothing or error') -%}
  {%- endif -%}
{%- endmacro %}

{% macro merge_assignments(update, columns) -%}
  {%- set expressions, assignments = update.get('set_expressions', {}) or {}, [] -%}
  {%- for column, expression in expressions.items() -%}{%- do assignments.append(column ~ ' = ' ~ expression) -%}{%- endfor -%}
  {%- if columns is not none -%}
    {%- for column in get_merge_update_columns(update.get('include') or [], update.get('exclude') or [], columns) -%}
      {%- if column | replace('"', '') not in expressions -%}
        {%- do assignments.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
  {{ assignments | join(', ') }}
{%- endmacro %}

{% macro merge_clause_defaults(merge_update_condition, merge_insert_condition, merge_update_columns=[], merge_exclude_columns=[], merge_update_set_expressions={}) %}
  {{- return({
    'when_matched_update_by_name': {'action': 'update', 'condition': merge_update_condition, 'mode': 'by_name'},
    'when_not_matched_insert_by_name': {'action': 'insert', 'condition': merge_insert_condition, 'mode': 'by_name'},
    'when_matched_update_explicit': {
      'action': 'update',
      'condition': merge_update_condition,
      'mode': 'explicit',
      'update': {
        'include': merge_update_columns,
        'exclude': merge_exclude_columns,
        'set_expressions': merge_update_set_expressions
      }
    }
  }) -}}
{% endmacro %}
