{# The rows go into files; what has the model's name is a view that reads them. #}
{% materialization external, adapter='duckdb', supported_languages=['sql', 'python'] %}
  {%- set location = adapter.project_location(render(config.get('location', default=external_location(this, config)))) -%}
  {%- set options = render_write_options(config) -%}
  {%- set copy_options = adapter.external_write_options(location, options) -%}
  {%- set format = config.get('format') or options['format'] | lower -%}
  {%- if config.get('format') and format not in ['csv', 'parquet', 'json'] -%}
    {%- do exceptions.raise_compiler_error('Invalid format: ' ~ format ~ '. Allowed formats are: csv, parquet, json') -%}
  {%- endif -%}
  {%- set reader = format if format in ['csv', 'json'] else 'parquet' -%}

  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='view') -%}
  {%- set rows = make_intermediate_relation(this.incorporate(type='table'), suffix='__dbt_tmp') -%}
  {%- set aside = make_intermediate_relation(target, suffix='__dbt_int') -%}
  {%- set backup = make_backup_relation(target, 'table' if existing is none else existing.type) -%}

  {#- What an earlier run left behind has these names. -#}
  {%- for relation in [aside, rows, backup] -%}{{- drop_relation_if_exists(load_cached_relation(relation)) -}}{%- endfor -%}
  {{- run_hooks(pre_hooks, inside_transaction=False) -}}
  {{- run_hooks(pre_hooks, inside_transaction=True) -}}

  {%- call statement('create_table') -%}
    {{ create_table_as(False, rows, compiled_code) }}
  {%- endcall -%}

  {#- A file without rows has no columns in some formats: it gets one of NULLs, which the view leaves out. -#}
  {%- set is_empty = run_query('select count(*) from ' ~ rows)[0][0] == 0 -%}
  {%- set names = get_columns_in_relation(rows) | map(attribute='column') | list -%}
  {%- if is_empty -%}
    {%- call statement() -%}
      insert into {{ rows }} values ({{ (['NULL'] * (names | length)) | join(', ') }})
    {%- endcall -%}
  {%- endif -%}
  {%- do write_to_file(rows, location, copy_options) -%}

  {%- set not_null = [] -%}
  {%- for name in names -%}{%- do not_null.append(adapter.quote(name) ~ ' is not NULL') -%}{%- endfor -%}
  {%- call statement('main') -%}
    create or replace view {{ aside }} as (
      select * from {{ external_reader(reader, adapter.external_read_location(location, options), options) }}
      {{- ' where ' ~ not_null | join(' and ') if is_empty }}
    );
  {%- endcall -%}

  {%- if existing is not none -%}{%- do adapter.rename_relation(existing, backup) -%}{%- endif -%}
  {%- do adapter.rename_relation(aside, target) -%}
  {{- run_hooks(post_hooks, inside_transaction=True) -}}
  {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
  {%- do persist_docs(target, model) -%}
  {%- do adapter.commit() -%}
  {{- drop_relation_if_exists(backup) -}}
  {{- drop_relation_if_exists(rows) -}}

  {%- set plugin = 'glue' if config.get('glue_register', default=false) else config.get('plugin') -%}
  {%- if plugin is not none -%}{%- do store_relation(plugin, target, location, format, config) -%}{%- endif -%}
  {{- run_hooks(post_hooks, inside_transaction=False) -}}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}

{# `read_csv('place', auto_detect=True)`, with the model's own options for reading. #}
{% macro external_reader(format, location, write_options) -%}
  {%- set defaults = {'parquet': {'union_by_name': False}, 'json': {'auto_detect': True}, 'csv': {'auto_detect': True}} -%}
  {%- set options = dict(config.get(format ~ '_read_options', defaults[format])) -%}
  {#- DuckDB sees compression by an extension in small letters only. -#}
  {%- if format != 'parquet' and write_options.get('compression') and 'compression' not in options -%}
    {%- do options.update({'compression': write_options['compression']}) -%}
  {%- endif -%}
  read_{{ format }}('{{ location }}'
  {%- for name, value in options.items() %}, {{ name }}={{ "'" ~ value ~ "'" if value is string else value }}{% endfor -%}
  )
{%- endmacro %}
