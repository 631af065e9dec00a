import { createHash } from 'node:crypto'
import { attributeOf, truthOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { PyTuple } from '../jinja/python-collections.ts'
import { isTrue } from '../jinja/python-object.ts'
import { reprOfValue, textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { isRecord } from '../manifest/node-config.ts'
import { AgateTable } from '../python/agate-table.ts'
import { plainValue } from '../python/plain-value.ts'
import { apiValue } from './api-value.ts'
import { renderColumnConstraints, renderModelConstraints, withoutDatabase } from './constraints.ts'
import { hostFunction } from './host-function.ts'
import { boundMacro } from './macro-library.ts'
import { quoted } from './relation-value.ts'
import type { RelationValue } from './relation-value.ts'
import { quotingOf } from './scope.ts'
import type { ProjectScope } from './scope.ts'

/** What of `adapter` needs no warehouse. `context` is that of a node of package `from`. */
export function adapterNames(scope: ProjectScope, from: string, context: object): Record<string, unknown> {
  const { macros, target } = scope
  const dispatch = (macro: unknown, macroNamespace: unknown) => {
    const found = macros.dispatch(textOf(macro), macroNamespace == null ? undefined : textOf(macroNamespace), from)
    if (found !== undefined) return boundMacro(context, found)
    const name = textOf(macro)
    throw new OperationError(
      'runtime',
      `In dispatch: No macro named ${reprOfValue(name)} found for ${target.type}: define ${target.type}__${name} or default__${name}`,
    )
  }
  const names = namesOfScope.get(scope) ?? sharedNames(scope)
  namesOfScope.set(scope, names)
  return { ...names, dispatch: new NativeFunction('dispatch', 'macro_name macro_namespace?', dispatch) }
}

/** All but `dispatch` are the same for every node. */
const namesOfScope = new WeakMap<ProjectScope, Readonly<Record<string, unknown>>>()

function sharedNames(scope: ProjectScope): Record<string, unknown> {
  const { target, dialect } = scope
  const quoting = quotingOf(scope)
  const quote = (name: unknown) => quoted(textOf(name))
  const keyTarget = target.type === 'duckdb' ? withoutDatabase : (relation: string) => relation
  const no = (name: string, signature: string) => new NativeFunction(name, signature, () => false)
  return {
    ...apiValue(dialect, quoting),
    behavior: new BehaviorValue(),
    config: { quoting, project_name: scope.projectName },
    type: new NativeFunction('type', '', () => target.type),
    quote: new NativeFunction('quote', 'identifier', quote),
    quote_as_configured: new NativeFunction(
      'quote_as_configured',
      'identifier quote_key',
      (name: unknown, key: unknown) => (quoting[textOf(key) as keyof typeof quoting] ? quote(name) : textOf(name)),
    ),
    quote_seed_column: new NativeFunction(
      'quote_seed_column',
      'column quote_config?',
      (name: unknown, config: unknown) =>
        (config == null ? target.type !== 'snowflake' : isTrue(config)) ? quote(name) : textOf(name),
    ),
    render_raw_columns_constraints: new NativeFunction(
      'render_raw_columns_constraints',
      'raw_columns',
      (columns: unknown) => renderColumnConstraints(plainValue(columns), { quote, keyTarget }),
    ),
    render_raw_model_constraints: new NativeFunction(
      'render_raw_model_constraints',
      'raw_constraints',
      (items: unknown) => renderModelConstraints(plainValue(items), { keyTarget }),
    ),
    standardize_grants_dict: new NativeFunction(
      'standardize_grants_dict',
      'grants_table',
      target.type === 'snowflake' ? snowflakeGrants : standardizeGrants,
    ),
    parse_index: new NativeFunction('parse_index', 'raw_index', parseIndex),
    verify_database: new NativeFunction('verify_database', 'database', () => ''),
    is_motherduck: no('is_motherduck', ''),
    is_ducklake: no('is_ducklake', 'relation?'),
    disable_transactions: no('disable_transactions', ''),
    use_ducklake_table_workarounds: no('use_ducklake_table_workarounds', 'relation?'),
    get_binding_char: new NativeFunction('get_binding_char', '', () => '?'),
    batch_id_for_model: new NativeFunction('batch_id_for_model', 'model', () => ''),
    build_catalog_relation: new NativeFunction('build_catalog_relation', 'config', () => null),
    convert_datetimes_to_strs: new NativeFunction('convert_datetimes_to_strs', 'table', (table: unknown) => table),
    warn_once: new NativeFunction('warn_once', 'msg', (message: unknown) => {
      warnOnce(scope, textOf(message))
      return ''
    }),
  }
}

/** What was warned of already, by the library that all scopes of one load share. */
const warnings = new WeakMap<ProjectScope['macros'], Set<string>>()

function warnOnce({ macros, log }: ProjectScope, message: string): void {
  const told = warnings.get(macros) ?? new Set()
  warnings.set(macros, told)
  if (!told.has(message)) log.warn(message)
  told.add(message)
}

/**
 * `adapter` while parsing: what reaches the warehouse gives dbt's values of that phase, and never raises, so that a
 * template which looks at a result without asking for `execute` parses all the same.
 */
export class ParsingAdapter implements HostObject {
  readonly #names: Readonly<Record<string, unknown>>
  readonly [typeNameOf] = 'ParseDatabaseWrapper'

  constructor(names: Readonly<Record<string, unknown>>) {
    this.#names = names
  }

  [attributeOf](name: string): unknown {
    if (Object.hasOwn(this.#names, name)) return this.#names[name]
    return hostFunction(name, () => parsingValue(name))
  }
}

function parsingValue(name: string): unknown {
  switch (name) {
    case 'get_columns_in_relation':
    case 'get_missing_columns':
    case 'get_column_schema_from_query':
    case 'list_relations':
    case 'list_relations_without_caching':
      return []
    case 'check_schema_exists':
    case 'already_exists':
      return false
    case 'execute':
    case 'add_query':
      return new PyTuple(['', AgateTable.fromRows([], [])])
    default:
      return null
  }
}

/** Flags of dbt's adapters that change behaviour: all off, as in a new dbt. */
class BehaviorValue implements HostObject {
  readonly [typeNameOf] = 'Behavior';

  [attributeOf](): unknown {
    return { [truthOf]: () => false, no_warn: false, setting: false }
  }
}

/** Rows of `grantee` and `privilege_type` as the config `grants` says them: privilege to grantees. */
function standardizeGrants(table: unknown): Record<string, string[]> {
  const grants: Record<string, string[]> = {}
  if (!(table instanceof AgateTable)) return grants
  const [grantee, privilege] = ['grantee', 'privilege_type'].map((name) =>
    [...table.column_names].findIndex((column) => textOf(column).toLowerCase() === name),
  )
  for (const row of table) {
    const values = [...row]
    const key = textOf(values[privilege!])
    grants[key] = [...(grants[key] ?? []), textOf(values[grantee!])]
  }
  return grants
}

/** The answer to Snowflake's SHOW GRANTS, without owners and what was given to shares and roles of a database. */
function snowflakeGrants(table: unknown): Record<string, string[]> {
  const grants: Record<string, string[]> = {}
  if (!(table instanceof AgateTable)) return grants
  const names = [...table.column_names].map((name) => textOf(name).toLowerCase())
  for (const row of table) {
    const values = [...row]
    const value = (name: string) => textOf(values[names.indexOf(name)])
    const privilege = value('privilege')
    if (privilege === 'OWNERSHIP' || ['SHARE', 'DATABASE_ROLE'].includes(value('granted_to'))) continue
    grants[privilege] = [...(grants[privilege] ?? []), value('grantee_name')]
  }
  return grants
}

/** An entry of the config `indexes`. Its name is new each time: PostgreSQL keeps that of a table that was renamed. */
function parseIndex(raw: unknown): unknown {
  const index = plainValue(raw)
  if (!isRecord(index) || !Array.isArray(index['columns']) || index['columns'].length === 0) {
    throw new OperationError('runtime', `Could not parse index config: it needs "columns", a list: ${reprOfValue(raw)}`)
  }
  const columns = index['columns'].map(textOf)
  const unique = index['unique'] === true
  const type = index['type'] == null ? null : textOf(index['type'])
  return {
    columns,
    unique,
    type,
    render: new NativeFunction('render', 'relation', (relation: RelationValue) =>
      createHash('md5')
        .update([...columns, relation.render(), String(unique), String(type), new Date().toISOString()].join('_'))
        .digest('hex'),
    ),
  }
}
