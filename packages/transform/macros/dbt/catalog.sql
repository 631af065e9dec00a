{# What a warehouse tells of itself: for `docs generate`, for `source freshness`, and for the cache of what exists. #}

{% macro get_catalog(information_schema, schemas) %}
  {{- return(adapter.dispatch('get_catalog', 'dbt')(information_schema, schemas)) -}}
{% endmacro %}

{% macro default__get_catalog(information_schema, schemas) %}
  {%- do exceptions.raise_compiler_error('get_catalog not implemented for ' ~ adapter.type()) -%}
{% endmacro %}

{# The same of some relations only: each has a `schema`, and an `identifier` or none for all of the schema. #}
{% macro get_catalog_relations(information_schema, relations) %}
  {{- return(adapter.dispatch('get_catalog_relations', 'dbt')(information_schema, relations)) -}}
{% endmacro %}

{% macro default__get_catalog_relations(information_schema, relations) %}
  {%- do exceptions.raise_compiler_error('get_catalog_relations not implemented for ' ~ adapter.type()) -%}
{% endmacro %}

{% macro get_catalog_for_single_relation(relation) %}
  {{- return(adapter.dispatch('get_catalog_for_single_relation', 'dbt')(relation)) -}}
{% endmacro %}

{% macro default__get_catalog_for_single_relation(relation) %}
  {%- do exceptions.raise_not_implemented('get_catalog_for_single_relation macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{# Which views read which relations. #}
{% macro get_relations() %}
  {{- return(adapter.dispatch('get_relations', 'dbt')()) -}}
{% endmacro %}

{% macro default__get_relations() %}
  {%- do exceptions.raise_not_implemented('get_relations macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{# When relations were changed last, for sources that have no column which says it. #}
{% macro get_relation_last_modified(information_schema, relations) %}
  {{- return(adapter.dispatch('get_relation_last_modified', 'dbt')(information_schema, relations)) -}}
{% endmacro %}

{% macro default__get_relation_last_modified(information_schema, relations) %}
  {%- do exceptions.raise_not_implemented('get_relation_last_modified macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{% macro list_function_relations_without_caching(schema_relation) %}
  {{- return(adapter.dispatch('list_function_relations_without_caching', 'dbt')(schema_relation)) -}}
{% endmacro %}

{% macro default__list_function_relations_without_caching(schema_relation) %}
  {%- do exceptions.raise_not_implemented('list_function_relations_without_caching macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{# Whether the Rust edition of dbt is at work. #}
{% macro is_core_v2() %}
  {{- return(dbt_version.split('.')[0] | int == 2) -}}
{% endmacro %}
