{# DuckDB renames no table that has indexes: they are made anew. #}
{% macro duckdb__replace_with_audited(target, audit, existing, backup) %}
  {%- set indexes = indexes_of(audit) -%}
  {%- if existing is not none -%}{%- do move_aside(existing, backup) -%}{%- endif -%}
  {%- do move_aside(audit, target) -%}
  {%- if existing is not none -%}{%- do adapter.drop_relation(backup) -%}{%- endif -%}
  {%- for name, definition in indexes -%}
    {%- do run_query(index_of_other_table(definition, other_index_name(name), target)) -%}
  {%- endfor -%}
{% endmacro %}

{# With constraints and indexes, whose names are one schema's. #}
{% macro duckdb__copy_for_audit(published, audit) %}
  {%- set definition = table_definition(published) -%}
  {%- call statement('main') -%}
    create table {{ audit.render() }} {{ definition }};
    insert into {{ audit.render() }} select * from {{ published.render() }}
  {%- endcall -%}
  {%- for name, index in indexes_of(published) -%}
    {%- do run_query(index_of_other_table(index, other_index_name(name), audit)) -%}
  {%- endfor -%}
{% endmacro %}

{# A table takes no index with the name of one that it lost in the same transaction. #}
{% macro other_index_name(name) %}
  {{- return(name[:-9] if name.endswith('__audited') else name ~ '__audited') -}}
{% endmacro %}

{% macro indexes_of(relation) %}
  {%- set sql -%}
    select index_name, sql from duckdb_indexes()
    where lower(table_name) = lower('{{ relation.identifier | replace("'", "''") }}')
      and lower(schema_name) = lower('{{ relation.schema | replace("'", "''") }}')
      and lower(database_name) = lower('{{ relation.database | replace("'", "''") }}')
  {%- endset -%}
  {%- set found = [] -%}
  {%- if relation.is_table -%}
    {%- for row in run_query(sql) -%}{%- do found.append((row[0], row[1])) -%}{%- endfor -%}
  {%- endif -%}
  {{- return(found) -}}
{% endmacro %}

{# DuckDB's own text of an index, `CREATE UNIQUE INDEX name ON table(columns);`, under another name on another table. #}
{% macro index_of_other_table(definition, name, relation) %}
  {%- set identifier = '(?:"(?:[^"]|"")*"|[^\\s."(]+)' -%}
  {%- set pattern = '(?is)^create (unique )?index ' ~ identifier ~ ' on ' ~ identifier ~ '(?:\\.' ~ identifier ~ ')*\\s*(.*?);?\\s*$' -%}
  {%- set parts = modules.re.match(pattern, definition) -%}
  {{- return('create ' ~ (parts.group(1) or '') ~ 'index ' ~ adapter.quote(name) ~ ' on ' ~ relation.render() ~ ' ' ~ parts.group(2)) -}}
{% endmacro %}

{# The columns and constraints in DuckDB's own text of a table, `CREATE TABLE name(columns);`. #}
{% macro table_definition(relation) %}
  {%- set sql -%}
    select sql from duckdb_tables()
    where lower(table_name) = lower('{{ relation.identifier | replace("'", "''") }}')
      and lower(schema_name) = lower('{{ relation.schema | replace("'", "''") }}')
      and lower(database_name) = lower('{{ relation.database | replace("'", "''") }}')
  {%- endset -%}
  {%- set identifier = '(?:"(?:[^"]|"")*"|[^\\s."(]+)' -%}
  {%- set pattern = '(?is)^create table ' ~ identifier ~ '(?:\\.' ~ identifier ~ ')*\\s*(.*?);?\\s*$' -%}
  {{- return(modules.re.match(pattern, run_query(sql)[0][0]).group(1)) -}}
{% endmacro %}
