{% macro postgres__get_catalog(information_schema, schemas) %}
  {%- set relations = [] -%}
  {%- for schema in schemas -%}{%- do relations.append({'schema': schema}) -%}{%- endfor -%}
  {{- return(postgres__get_catalog_relations(information_schema, relations)) -}}
{% endmacro %}

{# Without temporary tables; partitioned, foreign and unlogged ones are tables as any. #}
{% macro postgres__get_catalog_relations(information_schema, relations) %}
  {%- set database = information_schema.database -%}
  {%- do adapter.verify_database(database) -%}
  {%- set conditions = [] -%}
  {%- for relation in relations -%}
    {%- set condition = "lower(n.nspname) = lower('" ~ relation.schema | replace("'", "''") ~ "')" -%}
    {%- if relation.identifier -%}
      {%- set condition = condition ~ " and lower(c.relname) = lower('" ~ relation.identifier | replace("'", "''") ~ "')" -%}
    {%- endif -%}
    {%- do conditions.append('(' ~ condition ~ ')') -%}
  {%- endfor -%}
  {%- call statement('catalog', fetch_result=True) -%}
    select '{{ database | replace("'", "''") }}' as table_database, n.nspname as table_schema, c.relname as table_name,
      case c.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end as table_type,
      obj_description(c.oid, 'pg_class') as table_comment,
      a.attname as column_name, a.attnum as column_index,
      format_type(a.atttypid, a.atttypmod) as column_type, col_description(c.oid, a.attnum) as column_comment,
      pg_get_userbyid(c.relowner) as table_owner
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where ({{ conditions | join(' or ') if conditions else 'false' }})
      and c.relkind in ('r', 'v', 'f', 'p', 'm') and c.relpersistence in ('p', 'u')
      and a.attnum > 0 and not a.attisdropped
    order by n.nspname, c.relname, a.attnum
  {%- endcall -%}
  {{- return(load_result('catalog').table) -}}
{% endmacro %}

{# A view depends on what it reads by way of its rule; the rule depends on the view itself too, which is left out. #}
{% macro postgres__get_relations() %}
  {%- call statement('relations', fetch_result=True) -%}
    select distinct vn.nspname as dependent_schema, v.relname as dependent_name,
      rn.nspname as referenced_schema, r.relname as referenced_name
    from pg_depend d
    join pg_rewrite w on w.oid = d.objid
    join pg_class v on v.oid = w.ev_class
    join pg_namespace vn on vn.oid = v.relnamespace
    join pg_class r on r.oid = d.refobjid
    join pg_namespace rn on rn.oid = r.relnamespace
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and r.oid <> v.oid
      and rn.nspname <> 'information_schema' and rn.nspname not like 'pg\_%'
    order by 1, 2, 3, 4
  {%- endcall -%}
  {{- return(load_result('relations').table) -}}
{% endmacro %}

{% macro postgres_get_relations() %}
  {{- return(postgres__get_relations()) -}}
{% endmacro %}
