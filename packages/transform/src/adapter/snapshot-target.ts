import type { ColumnValue } from '../context/column-value.ts'
import { attributeOf, callObject } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import { OperationError } from '../jinja/template-error.ts'
import { isRecord } from '../manifest/node-config.ts'
import { plainValue } from '../python/plain-value.ts'

const required = ['dbt_scd_id', 'dbt_valid_from', 'dbt_valid_to']

/** @throws OperationError with dbt's text, for a table that is no snapshot. */
export function checkSnapshotTarget(columns: readonly ColumnValue[], names: unknown, hasDeletedColumn = false): void {
  const present = new Set(columns.map(({ name }) => name.toLowerCase()))
  const wanted = [...required, ...(hasDeletedColumn ? ['dbt_is_deleted'] : [])].map((name) =>
    isRecord(names) ? textOf(names[name] ?? name) : name,
  )
  const missing = wanted.filter((name) => !present.has(name.toLowerCase()))
  if (missing.length === 0) return
  throw new OperationError(
    'runtime',
    `Snapshot target is missing configured columns (missing ${missing.map((name) => `"${name}"`).join(', ')}). See https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields for more information.`,
  )
}

/** What a snapshot does with rows that are gone: `ignore`, `invalidate` or `new_record`. */
export function hardDeletesOf(config: unknown): string {
  const [invalidate, hardDeletes] = ['invalidate_hard_deletes', 'hard_deletes'].map((key) => settingOf(config, key))
  if (invalidate != null && hardDeletes != null) {
    throw new OperationError(
      'runtime',
      'You cannot set both the invalidate_hard_deletes and hard_deletes config properties on the same snapshot.',
    )
  }
  if (invalidate === true || hardDeletes === 'invalidate') return 'invalidate'
  if (hardDeletes === 'new_record') return 'new_record'
  if (hardDeletes == null || hardDeletes === 'ignore') return 'ignore'
  throw new OperationError('runtime', 'Invalid setting for property hard_deletes.')
}

/** From the template's `config`, or from a dict of settings. */
function settingOf(config: unknown, key: string): unknown {
  const get = (config as HostObject | null)?.[attributeOf]?.('get') as HostObject | undefined
  if (get?.[callObject] !== undefined) return get[callObject]([key], {})
  const plain = plainValue(config)
  return isRecord(plain) ? plain[key] : undefined
}
