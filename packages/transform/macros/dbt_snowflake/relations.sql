{#- Finding, dropping, renaming; a dynamic table is a kind of its own in each. -#}

{% macro snowflake__list_relations_without_caching(schema_relation, max_iter=10000, max_results_per_iter=10000) %}
  {%- set schema = schema_relation if schema_relation is string else schema_relation.include(identifier=False) -%}
  {%- set pages = [] -%}
  {%- for _ in range(max_iter) -%}
    {%- set last = pages[-1].columns['name'].values()[-1] if pages else none -%}
    {%- do pages.append(run_query(snowflake__show_objects_sql(schema, max_results_per_iter, last))) -%}
    {%- if pages[-1] | length < max_results_per_iter -%}{%- break -%}{%- endif -%}
  {%- endfor -%}
  {{- return(pages[0] if pages | length == 1 else pages[0].merge(pages)) -}}
{% endmacro %}

{% macro snowflake__show_objects_sql(schema, max_results_per_iter=10000, watermark=none) %}
  {%- set from = " from '" ~ watermark ~ "'" if watermark is not none else '' -%}
  {{- return('show objects in ' ~ schema ~ ' limit ' ~ max_results_per_iter ~ from ~ ';') -}}
{% endmacro %}

{% macro snowflake__show_object_metadata(relation) %}
  {{- return(run_query('show objects in ' ~ relation.include(identifier=False) ~ " starts with '" ~ relation.identifier ~ "' limit 1")) -}}
{% endmacro %}

{% macro snowflake__list_schemas(database) %}
  {%- set found = run_query('show terse schemas in database ' ~ database ~ ' limit 10000') -%}
  {%- if found | length >= 10000 -%}
    {%- do exceptions.raise_compiler_error('Too many schemas in database ' ~ database ~ '! Only databases with fewer than 10000 can be listed.') -%}
  {%- endif -%}
  {{- return(found) -}}
{% endmacro %}

{% macro snowflake__check_schema_exists(information_schema, schema) %}
  {%- call statement('check_schema_exists', fetch_result=True) -%}
    select count(*) from {{ information_schema }}.schemata
    where upper(schema_name) = upper('{{ schema }}') and upper(catalog_name) = upper('{{ information_schema.database }}')
  {%- endcall -%}
  {{- return(load_result('check_schema_exists').table) -}}
{% endmacro %}

{% macro snowflake__get_columns_in_relation(relation) %}
  {%- set columns = [] -%}
  {%- for row in run_query('describe table ' ~ relation.render()) -%}
    {%- do columns.append(api.Column.from_description(row['name'], row['type'])) -%}
  {%- endfor -%}
  {{- return(columns) -}}
{% endmacro %}

{% macro snowflake__get_create_sql(relation, sql) %}
  {{- snowflake__get_create_dynamic_table_as_sql(relation, sql) if relation.is_dynamic_table else default__get_create_sql(relation, sql) -}}
{% endmacro %}

{% macro snowflake__get_replace_sql(existing_relation, target_relation, sql) %}
  {%- if existing_relation.is_dynamic_table and target_relation.is_dynamic_table -%}
    {{ snowflake__get_replace_dynamic_table_sql(target_relation, sql) }}
  {%- else -%}
    {{ default__get_replace_sql(existing_relation, target_relation, sql) }}
  {%- endif -%}
{% endmacro %}

{% macro snowflake__get_drop_sql(relation) %}
  {{- snowflake__get_drop_dynamic_table_sql(relation) if relation.is_dynamic_table else default__get_drop_sql(relation) -}}
{% endmacro %}

{#- In full: a bare name would be one of the session's schema. -#}
{% macro snowflake__rename_relation(from_relation, to_relation) %}
  {%- call statement('rename_relation') -%}
    alter table {{ from_relation }} rename to {{ to_relation }}
  {%- endcall -%}
{% endmacro %}

{% macro snowflake__get_rename_intermediate_sql(relation) %}
  {{- get_rename_sql(make_intermediate_relation(relation), relation.render()) -}}
{% endmacro %}

{% macro snowflake__get_create_backup_sql(relation) %}
  {%- set backup = make_backup_relation(relation, relation.type) -%}
  {{ get_drop_sql(backup) }};
  {{ get_rename_sql(relation, backup.render()) }}
{% endmacro %}

{% macro snowflake__truncate_relation(relation) %}
  {%- call statement('truncate_relation') -%}
    {{ snowflake_dml_explicit_transaction('truncate table ' ~ relation.render()) }}
  {%- endcall -%}
{% endmacro %}

{% macro snowflake__alter_column_type(relation, column_name, new_column_type) %}
  {%- call statement('alter_column_type') -%}
    alter table {{ relation.render() }} alter {{ adapter.quote(column_name) }} set data type {{ new_column_type }};
  {%- endcall -%}
{% endmacro %}

{% macro snowflake__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {%- set kind = 'dynamic table' if relation.is_dynamic_table else relation.type -%}
  {%- set added, gone = [], [] -%}
  {%- for column in add_columns or [] -%}{%- do added.append(adapter.quote(column.name) ~ ' ' ~ column.data_type) -%}{%- endfor -%}
  {%- for column in remove_columns or [] -%}{%- do gone.append(adapter.quote(column.name)) -%}{%- endfor -%}
  {%- if added -%}{%- do run_query('alter ' ~ kind ~ ' ' ~ relation.render() ~ ' add column ' ~ added | join(', ')) -%}{%- endif -%}
  {%- if gone -%}{%- do run_query('alter ' ~ kind ~ ' ' ~ relation.render() ~ ' drop column ' ~ gone | join(', ')) -%}{%- endif -%}
{% endmacro %}

{#- A replaced table has the grants of the old one only with `copy grants`. -#}
{% macro snowflake__copy_grants() %}
  {{- return(config.get('copy_grants', False)) -}}
{% endmacro %}

{% macro snowflake__support_multiple_grantees_per_dcl_statement() %}
  {{- return(False) -}}
{% endmacro %}

{% macro snowflake__get_relation_last_modified(information_schema, relations) %}
  {%- call statement('last_modified', fetch_result=True) -%}
    select table_schema as schema, table_name as identifier, last_altered as last_modified, {{ current_timestamp() }} as snapshotted_at
    from {{ information_schema }}.tables
    where (
    {%- for relation in relations -%}
      {{- ' or ' if not loop.first }}(upper(table_schema) = upper('{{ relation.schema }}') and upper(table_name) = upper('{{ relation.identifier }}'))
    {%- endfor -%}
    )
  {%- endcall -%}
  {{- return(load_result('last_modified')) -}}
{% endmacro %}
