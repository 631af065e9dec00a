{# Relations that are kept in files: what writes them, and where they lie. #}

{% macro location_exists(location) %}
  {{- return(adapter.location_exists(location)) -}}
{% endmacro %}

{% macro write_to_file(relation, location, options) %}
  {%- call statement('write_to_file') -%}
    copy {{ relation }} to '{{ location }}' ({{ options }})
  {%- endcall -%}
{% endmacro %}

{# For plugins, which the program refuses. #}
{% macro store_relation(plugin, relation, location, format, config) %}
  {%- do adapter.store_relation(plugin, relation, adapter.get_columns_in_relation(relation), location, format, config) -%}
{% endmacro %}

{# The options of COPY, with `format` and `delimiter` in their older places. #}
{% macro render_write_options(config) %}
  {%- set options = config.get('options', {}) -%}
  {%- if options is not mapping -%}
    {%- do exceptions.raise_compiler_error('The options argument must be a dictionary') -%}
  {%- endif -%}
  {%- set rendered = {} -%}
  {%- for name, value in options.items() -%}{%- do rendered.update({name: render(value)}) -%}{%- endfor -%}
  {%- for name in ['format', 'delimiter'] if config.get(name) -%}{%- do rendered.update({name: render(config.get(name))}) -%}{%- endfor -%}
  {{- return(rendered) -}}
{% endmacro %}

{# A file below the profile's `external_root`, or a folder where the rows are spread over several. #}
{%- macro external_location(relation, config) -%}
  {%- set place = adapter.external_root() ~ '/' ~ relation.identifier -%}
  {%- if config.get('options', {}).get('partition_by') is none -%}
    {%- set place = place ~ '.' ~ config.get('format', 'parquet') -%}
  {%- endif -%}
  {{- place -}}
{%- endmacro -%}

{#
  For on-run-start: views over the files of models that are not built in this run, and that others read. A database in
  memory has forgotten them.
#}
{% macro register_upstream_external_models() %}
  {%- if execute -%}
    {%- set seen, schemas = [], [] -%}
    {%- for id in selected_resources if id in graph['nodes'] -%}
      {%- for above in graph['nodes'][id]['depends_on']['nodes'] if above not in seen and above not in selected_resources -%}
        {%- do seen.append(above) -%}
        {%- set node = graph['nodes'].get(above) -%}
        {%- if node and node.resource_type in ('model', 'seed') and node.config.materialized == 'external' -%}
          {%- set relation = api.Relation.create(database=node['database'], schema=node['schema'], identifier=node['alias']) -%}
          {%- set place = adapter.project_location(node.config.get('location') or external_location(relation, node.config)) -%}
          {%- set options = render_write_options(node.config) -%}
          {%- if relation.schema not in schemas -%}
            {%- do schemas.append(relation.schema) -%}
            {%- call statement('main') -%}create schema if not exists {{ relation.without_identifier() }}{%- endcall -%}
          {%- endif -%}
          {%- call statement('main') -%}
            create or replace view {{ relation }} as (select * from '{{ adapter.external_read_location(place, options) }}')
          {%- endcall -%}
        {%- endif -%}
      {%- endfor -%}
    {%- endfor -%}
    {%- if schemas -%}{%- do adapter.commit() -%}{%- endif -%}
  {%- endif -%}
{% endmacro %}
