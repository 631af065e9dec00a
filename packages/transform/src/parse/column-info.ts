import { createHash } from 'node:crypto'
import { reprOfValue } from '../jinja/python-text.ts'
import { isRecord, listOf } from '../manifest/node-config.ts'
import type { ColumnInfo, Constraint } from '../manifest/node.ts'
import type { ColumnProperties } from '../project/properties-file.ts'

const columnKeys = new Set([
  'name',
  'description',
  'meta',
  'data_type',
  'constraints',
  'quote',
  'config',
  'tags',
  'granularity',
  'data_tests',
  'tests',
])

/** The columns that a properties file describes, as dbt's manifest has them: by name. */
export function columnInfos(columns: readonly ColumnProperties[]): Record<string, ColumnInfo> {
  return Object.fromEntries(columns.map((column) => [column.name, columnInfo(column)]))
}

function columnInfo(column: ColumnProperties): ColumnInfo {
  const { config } = column
  const meta = { ...column.meta, ...(isRecord(config['meta']) ? config['meta'] : {}) }
  const tags = columnTags(column)
  const extra = Object.fromEntries(Object.entries(column).filter(([key]) => !columnKeys.has(key)))
  return {
    name: column.name,
    description: column.description,
    meta,
    data_type: column.data_type ?? null,
    constraints: column.constraints.map((constraint) => constraintOf(constraint)),
    quote: column.quote ?? null,
    config: { meta, tags },
    tags,
    ...extra,
    granularity: column.granularity ?? null,
    doc_blocks: [],
  }
}

export function columnTags({ tags, config }: ColumnProperties): string[] {
  return [...new Set([...tags, ...listOf(config['tags'])])]
}

/** A constraint with all of dbt's keys. */
export function constraintOf(given: Readonly<Record<string, unknown>>): Constraint {
  return {
    type: given['type'] as Constraint['type'],
    name: (given['name'] as string | undefined) ?? null,
    expression: (given['expression'] as string | undefined) ?? null,
    warn_unenforced: given['warn_unenforced'] !== false,
    warn_unsupported: given['warn_unsupported'] !== false,
    to: (given['to'] as string | undefined) ?? null,
    to_columns: listOf(given['to_columns']),
  }
}

/**
 * The checksum by which dbt notices that a contract changed. It hashes what Python prints of its objects, and so does
 * this. Source: dbt-core, contracts/graph/nodes.py, build_contract_checksum.
 */
export function contractChecksum(
  columns: Readonly<Record<string, ColumnInfo>>,
  constraints: readonly Constraint[],
  materialized: string,
): string {
  const parts = Object.values(columns)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .map(
      ({ name, data_type: type, constraints: own }) =>
        `|${name}${type ?? 'None'}${printed(own, 'ColumnLevelConstraint')}`,
    )
  const enforces = ['table', 'incremental'].includes(materialized)
  const whole = parts.join('') + (enforces ? materialized + printed(constraints, 'ModelLevelConstraint') : '')
  return createHash('sha256').update(whole).digest('hex')
}

function printed(constraints: readonly Constraint[], className: string): string {
  return `[${constraints.map((constraint) => `${className}(${fieldsOf(constraint)})`).join(', ')}]`
}

function fieldsOf({ type, ...rest }: Constraint): string {
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${reprOfValue(value)}`)
  return [`type=<ConstraintType.${type}: '${type}'>`, ...fields].join(', ')
}
