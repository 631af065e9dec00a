import type { Dialect } from '@eclusa/warehouse'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { isRecord } from '../manifest/node-config.ts'
import { plainValue } from '../python/plain-value.ts'
import { ColumnClass } from './column-value.ts'
import { RelationValue, ephemeralName } from './relation-value.ts'
import type { RelationPolicy, RelationType } from './relation-value.ts'

/** `api`: the classes of relations and columns. */
export function apiValue(dialect: Dialect, quoting: RelationPolicy): Record<string, unknown> {
  return { Relation: relationClass(dialect, quoting), Column: new ColumnClass(dialect.type) }
}

function relationClass(dialect: Dialect, quoting: RelationPolicy): Record<string, unknown> {
  const create = (database: unknown, schema: unknown, identifier: unknown, type: unknown, quotePolicy: unknown) => {
    const part = (value: unknown) => (value == null ? null : textOf(value))
    const policy = plainValue(quotePolicy)
    return new RelationValue(
      {
        path: { database: part(database), schema: part(schema), identifier: part(identifier) },
        type: part(type) as RelationType | null,
        quotePolicy: { ...quoting, ...(isRecord(policy) ? policy : {}) },
      },
      dialect,
    )
  }
  return {
    create: new NativeFunction('create', 'database? schema? identifier? type? quote_policy? dbt_created?', create),
    add_ephemeral_prefix: new NativeFunction('add_ephemeral_prefix', 'name', (name: unknown) =>
      ephemeralName(textOf(name)),
    ),
    scd_args: new NativeFunction('scd_args', 'primary_key updated_at', (key: unknown, updatedAt: unknown) => [
      ...(Array.isArray(key) ? (key as unknown[]) : [key]),
      updatedAt,
    ]),
    get_default_quote_policy: new NativeFunction('get_default_quote_policy', '', () => quoting),
    Table: 'table',
    View: 'view',
    CTE: 'cte',
    MaterializedView: 'materialized_view',
    External: 'external',
  }
}
