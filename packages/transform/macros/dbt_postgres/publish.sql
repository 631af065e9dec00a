{# With indexes, constraints and comments, and with what was granted on the published table, by hand or by the model. #}
{% macro postgres__copy_for_audit(published, audit) %}
  {%- call statement('main') -%}
    create {{ 'unlogged ' if config.get('unlogged', default=false) }}table {{ audit.render() }}
    (like {{ published.render() }} including all);
    insert into {{ audit.render() }} select * from {{ published.render() }}
  {%- endcall -%}
  {%- set granted -%}
    select privilege_type, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end, is_grantable
    from pg_class, aclexplode(relacl)
    where pg_class.oid = to_regclass('{{ published.render() | replace("'", "''") }}') and grantee != relowner
  {%- endset -%}
  {%- for privilege, grantee, is_grantable in run_query(granted) -%}
    {%- call statement('grants') -%}
      grant {{ privilege }} on {{ audit.render() }} to {{ grantee }}{{ ' with grant option' if is_grantable }}
    {%- endcall -%}
  {%- endfor -%}
{% endmacro %}
