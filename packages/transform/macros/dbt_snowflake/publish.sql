{#- DDL commits by itself here. Two tables change places in one statement; anything else in two, between which the name is missing. -#}
{% macro snowflake__replace_with_audited(target, audit, existing, backup) %}
  {%- if existing is not none and existing.is_table and audit.is_table -%}
    {%- call statement('swap') -%}alter table {{ existing.render() }} swap with {{ audit.render() }}{%- endcall -%}
    {%- do adapter.drop_relation(audit) -%}
  {%- else -%}
    {{- default__replace_with_audited(target, audit, existing, backup) -}}
  {%- endif -%}
{% endmacro %}

{#- A clone shares its rows with the table until one of them changes. -#}
{% macro snowflake__copy_for_audit(published, audit) %}
  {%- call statement('main') -%}
    create or replace {{ 'transient ' if config.get('transient', true) }}table {{ audit.render() }} clone {{ published.render() }} copy grants
  {%- endcall -%}
{% endmacro %}
