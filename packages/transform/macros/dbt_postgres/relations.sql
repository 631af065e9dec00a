{# PostgreSQL cuts names at 63 bytes without a word: the base is shortened, never the suffix. #}
{% macro postgres__make_relation_with_suffix(base_relation, suffix, dstring) %}
  {%- if dstring -%}{%- set suffix = suffix ~ local_md5(invocation_id ~ model.unique_id)[:12] -%}{%- endif -%}
  {%- set room = base_relation.relation_max_name_length() - suffix | length -%}
  {%- if room < 0 -%}
    {%- do exceptions.raise_compiler_error('Relation suffix is too long (' ~ suffix | length ~ ' characters). Maximum length is ' ~ base_relation.relation_max_name_length() ~ ' characters.') -%}
  {%- endif -%}
  {{- return(base_relation.incorporate(path={'identifier': base_relation.identifier[:room] ~ suffix})) -}}
{% endmacro %}

{% macro postgres__make_intermediate_relation(base_relation, suffix) %}
  {{- return(postgres__make_relation_with_suffix(base_relation, suffix, dstring=False)) -}}
{% endmacro %}

{# Temporary tables have a schema of their own, which every session sees as its own. #}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
  {%- set temporary = postgres__make_relation_with_suffix(base_relation, suffix, dstring=True) -%}
  {{- return(temporary.incorporate(path={'schema': none, 'database': none})) -}}
{% endmacro %}

{% macro postgres__make_backup_relation(base_relation, backup_relation_type, suffix) %}
  {{- return(postgres__make_relation_with_suffix(base_relation, suffix, dstring=False).incorporate(type=backup_relation_type)) -}}
{% endmacro %}

{% macro postgres__rename_relation(from_relation, to_relation) %}
  {%- set kind = 'materialized view' if to_relation.is_materialized_view else (to_relation.type or 'table') -%}
  {%- set name = adapter.quote_as_configured(to_relation.identifier, 'identifier') -%}
  {%- call statement('rename_relation') -%}
    alter {{ kind }} {{ from_relation.render() }} rename to {{ name }}
  {%- endcall -%}
{% endmacro %}

{% macro postgres__create_table_as(temporary, relation, sql) -%}
  {{ config.get('sql_header') or '' }}
  create {{ 'temporary ' if temporary else ('unlogged ' if config.get('unlogged', default=false)) }}table
  {{ relation.include(database=(not temporary), schema=(not temporary)) }}
  {%- set contract = config.get('contract') %}
  {%- if contract.enforced %}
    {{- get_assert_columns_equivalent(sql) }}
  {%- endif %}
  {%- if contract.enforced and not temporary %}
  {{ get_table_columns_and_constraints() }};
  insert into {{ relation }} ({{ adapter.dispatch('get_column_names', 'dbt')() }}) (
    {{ get_select_subquery(sql) }}
  );
  {%- else %}
  as (
    {{ sql }}
  );
  {%- endif %}
{%- endmacro %}

{% macro postgres__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
  create {{ 'unique ' if index.unique }}index if not exists {{ adapter.quote(index.render(relation)) }}
  on {{ relation }} {{ 'using ' ~ index.type if index.type }} ({{ index.columns | join(', ') }})
{%- endmacro %}

{% macro postgres__copy_grants() %}
  {{- return(False) -}}
{% endmacro %}

{% macro postgres__get_show_grant_sql(relation) -%}
  select grantee, privilege_type
  from {{ relation.information_schema('role_table_grants') }}
  where grantor = current_role and grantee != current_role
    and table_schema = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
{%- endmacro %}

{# The forms of PostgreSQL, under the names that dbt-postgres has for them. #}

{% macro postgres__drop_table(relation) -%}
  {{ default__drop_table(relation) }}
{%- endmacro %}

{% macro postgres__drop_view(relation) -%}
  {{ default__drop_view(relation) }}
{%- endmacro %}

{% macro postgres__drop_materialized_view(relation) -%}
  {{ default__drop_materialized_view(relation) }}
{%- endmacro %}

{% macro postgres__get_rename_table_sql(relation, new_name) -%}
  {{ default__get_rename_table_sql(relation, new_name) }}
{%- endmacro %}

{% macro postgres__get_rename_view_sql(relation, new_name) -%}
  {{ default__get_rename_view_sql(relation, new_name) }}
{%- endmacro %}

{% macro postgres__get_rename_materialized_view_sql(relation, new_name) -%}
  {{ default__get_rename_materialized_view_sql(relation, new_name) }}
{%- endmacro %}

{% macro postgres__get_replace_table_sql(relation, sql) -%}
  {{ default__get_replace_table_sql(relation, sql) }}
{%- endmacro %}

{% macro postgres__get_replace_view_sql(relation, sql) -%}
  {{ default__get_replace_view_sql(relation, sql) }}
{%- endmacro %}
