import { isDeepStrictEqual } from 'node:util'
import { EclusaError } from '@eclusa/sdk'
import { fieldOf } from './entry-fields.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { ColumnInfo, Constraint } from '../manifest/node.ts'
import type { GraphEntry } from '../manifest/manifest.ts'

/**
 * Whether a model's enforced contract is another one now. A change that can break readers is told to `warn`.
 *
 * @throws CONTRACT_BROKEN for such a change of a versioned model: it needs a new version.
 */
export function contractChange(now: GraphEntry, before: GraphEntry, warn?: (message: string) => void): boolean {
  const isEnforced = fieldOf(now, 'contract', 'enforced') === true
  if (now.resource_type !== 'model' || fieldOf(before, 'contract', 'enforced') !== true) {
    return now.resource_type === 'model' && isEnforced
  }
  if (isEnforced && fieldOf(now, 'contract', 'checksum') === fieldOf(before, 'contract', 'checksum')) return false
  const breaks = breakingChanges(now, before)
  if (breaks.length === 0) return true
  const list = breaks.map((text) => `  - ${text}`).join('\n')
  const message = `While comparing to previous project state, dbt detected a breaking change to the contract of ${now.name} (${now.original_file_path}):\n${list}`
  if ((fieldOf(now, 'version') ?? null) === null) {
    warn?.(`${message}\nConsider making an additive (non-breaking) change instead, or define versions of the model.`)
    return true
  }
  throw new EclusaError('CONTRACT_BROKEN', {
    message: `${message}\nMake an additive (non-breaking) change instead, or create a new version of the model.`,
    details: { model: now.unique_id, changes: breaks },
  })
}

/** What those who read the model cannot bear. A column that came is not among it. */
function breakingChanges(now: GraphEntry, before: GraphEntry): string[] {
  const breaks: string[] = []
  if (fieldOf(now, 'contract', 'enforced') !== true) breaks.push('Contract enforcement was removed.')
  const [after, former] = [columnsOf(now), columnsOf(before)]
  const names = Object.keys(former).toSorted()
  for (const name of names) {
    const [column, formerly] = [after[name], former[name]!]
    if (column === undefined) breaks.push(`Column removed: ${formerly.name}`)
    else if (column.data_type !== formerly.data_type) {
      breaks.push(`Column with another data_type: ${name} (${formerly.data_type} -> ${column.data_type})`)
    }
  }
  if (enforcesConstraints(before)) {
    for (const name of names) {
      if (after[name] === undefined) continue
      for (const constraint of removed(former[name]!.constraints, after[name].constraints)) {
        breaks.push(`Enforced constraint removed: '${constraint.name ?? constraint.type}' on column ${name}`)
      }
    }
    for (const constraint of removed(constraintsOf(before), constraintsOf(now))) {
      breaks.push(
        `Enforced constraint removed: '${constraint.name ?? constraint.type}' on columns ${(constraint.columns ?? []).join(', ')}`,
      )
    }
    const hadConstraints =
      constraintsOf(before).length > 0 || names.some((name) => former[name]!.constraints.length > 0)
    if (!enforcesConstraints(now) && hadConstraints) {
      breaks.push(
        `Materialization changed with enforced constraints: ${materializedOf(before)} -> ${materializedOf(now)}`,
      )
    }
  }
  return breaks
}

function removed(former: readonly Constraint[], now: readonly Constraint[]): readonly Constraint[] {
  return former.filter((constraint) => !now.some((other) => isDeepStrictEqual(other, constraint)))
}

function enforcesConstraints(entry: GraphEntry): boolean {
  return ['table', 'incremental'].includes(materializedOf(entry))
}

function materializedOf(entry: GraphEntry): string {
  return String(fieldOf(entry, 'config', 'materialized'))
}

function columnsOf(entry: GraphEntry): Readonly<Record<string, ColumnInfo>> {
  const columns = fieldOf(entry, 'columns')
  return isRecord(columns) ? (columns as Readonly<Record<string, ColumnInfo>>) : {}
}

function constraintsOf(entry: GraphEntry): readonly Constraint[] {
  const constraints = fieldOf(entry, 'constraints')
  return Array.isArray(constraints) ? (constraints as Constraint[]) : []
}
