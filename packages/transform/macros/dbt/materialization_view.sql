{# Built aside and put in place by renaming, so that a query that fails leaves the old relation as it was. #}
{% materialization view, default %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='view') -%}
  {%- set aside = make_intermediate_relation(target) -%}
  {%- set backup = make_backup_relation(target, 'view' if existing is none else existing.type) -%}
  {%- set grants = config.get('grants') -%}

  {{- run_hooks(pre_hooks, inside_transaction=False) -}}
  {#- What an earlier run left behind has these names. -#}
  {{- drop_relation_if_exists(load_cached_relation(aside)) -}}
  {{- drop_relation_if_exists(load_cached_relation(backup)) -}}
  {{- run_hooks(pre_hooks, inside_transaction=True) -}}

  {%- call statement('main') -%}
    {{ get_create_view_as_sql(aside, sql) }}
  {%- endcall -%}

  {#- A hook may have dropped the old one. -#}
  {%- set existing = none if existing is none else load_cached_relation(existing) -%}
  {%- if existing is not none -%}{%- do adapter.rename_relation(existing, backup) -%}{%- endif -%}
  {%- do adapter.rename_relation(aside, target) -%}

  {%- do apply_grants(target, grants, should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
  {%- do persist_docs(target, model) -%}
  {{- run_hooks(post_hooks, inside_transaction=True) -}}
  {%- do adapter.commit() -%}
  {%- if existing is not none -%}{%- do adapter.drop_relation(backup) -%}{%- endif -%}
  {{- run_hooks(post_hooks, inside_transaction=False) -}}
  {{- return({'relations': [target]}) -}}
{% endmaterialization %}
