import { asMapping } from '../jinja/mapping.ts'
import { textOf } from '../jinja/python-text.ts'
import { isRecord } from '../manifest/node-config.ts'
import { AgateTable } from '../python/agate-table.ts'
import { plainValue } from '../python/plain-value.ts'

/** An index of a materialized view, as it is or as a model's `indexes` asks for it. Its name does not count. */
interface Index {
  readonly name: string | null
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly method: string
}

/**
 * What has changed between a materialized view and its model's settings, as dbt-postgres gives it to the macro that alters:
 * null where nothing has. Indexes that are gone come first, because a new one may be like them.
 *
 * @param described what `postgres__describe_materialized_view` gave: `indexes`, a table
 */
export function materializedViewChanges(described: unknown, model: unknown): Record<string, unknown> | null {
  const table = asMapping(described)?.get('indexes')
  const present = table instanceof AgateTable ? [...table].map((row) => presentIndex([...row])) : []
  const wanted = wantedIndexes(plainValue(model))
  const changes = [
    ...present.filter((index) => !includes(wanted, index)).map((index) => changeOf('drop', index)),
    ...wanted.filter((index) => !includes(present, index)).map((index) => changeOf('create', index)),
  ]
  return changes.length === 0 ? null : { indexes: changes, has_changes: true, requires_full_refresh: false }
}

/** A row of `get_show_indexes_sql`: name, method, unique, columns with commas between them. */
function presentIndex([name, method, unique, columns]: readonly unknown[]): Index {
  return {
    name: textOf(name),
    columns: textOf(columns).split(','),
    unique: unique === true,
    method: textOf(method),
  }
}

function wantedIndexes(model: unknown): Index[] {
  const config = isRecord(model) && isRecord(model['config']) ? model['config'] : {}
  const indexes = Array.isArray(config['indexes']) ? config['indexes'].filter(isRecord) : []
  return indexes.map((index) => ({
    name: null,
    columns: Array.isArray(index['columns']) ? index['columns'].map(textOf) : [],
    unique: index['unique'] === true,
    method: index['type'] == null ? 'btree' : textOf(index['type']),
  }))
}

function includes(indexes: readonly Index[], { columns, unique, method }: Index): boolean {
  const key = (names: readonly string[]) => JSON.stringify(names.map((name) => name.toLowerCase()).toSorted())
  return indexes.some(
    (other) => other.unique === unique && other.method === method && key(other.columns) === key(columns),
  )
}

function changeOf(action: 'create' | 'drop', { name, columns, unique, method }: Index): Record<string, unknown> {
  const asNodeConfig = { columns, unique, type: method }
  return { action, context: { name, column_names: columns, unique, method, as_node_config: asNodeConfig } }
}
