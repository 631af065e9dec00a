import type { Log } from '@eclusa/sdk'
import type { HostObject } from '../jinja/protocol.ts'
import { asMapping } from '../jinja/mapping.ts'
import { memberOf } from '../jinja/members.ts'
import { AgateTable } from '../python/agate-table.ts'
import { agateTypes } from '../python/agate-type.ts'
import { tableText } from '../python/table-text.ts'
import { iterate } from '../jinja/python-object.ts'
import { textOf } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'

function raise(message: string): never {
  throw new OperationError('runtime', message)
}

/** A part of a node or another object, whichever way templates can read it. */
function part(object: unknown, name: string): string {
  const mapping = asMapping(object)
  return textOf((mapping ? mapping.get(name) : memberOf(object, name)) ?? '')
}

/** dbt's `exceptions`: functions by which macros end with an error, and two that warn. */
export function exceptionNames(log: Log): Readonly<Record<string, HostObject>> {
  const warn = (message: string) => {
    log.warn(message)
    return ''
  }
  return functions(
    new NativeFunction('warn', 'msg node?', (message: unknown) => warn(textOf(message))),
    new NativeFunction(
      'warn_snapshot_timestamp_data_types',
      'snapshot updated_at',
      (snapshot: unknown, updated: unknown) =>
        warn(
          `Data type of snapshot table timestamp columns (${textOf(snapshot)}) doesn't match derived column 'updated_at' ` +
            `(${textOf(updated)}). Please update snapshot config 'updated_at'.`,
        ),
    ),
    ...plainRaisers,
    ...relationRaisers,
    ...nodeRaisers,
  )
}

function functions(...items: readonly NativeFunction[]): Readonly<Record<string, HostObject>> {
  return Object.fromEntries(items.map((item) => [item.name, item]))
}

const plainRaisers = [
  ...['raise_compiler_error', 'raise_database_error', 'raise_fail_fast_error'].map(
    (name) => new NativeFunction(name, 'msg node?', (message: unknown) => raise(textOf(message))),
  ),
  ...['raise_dependency_error', 'raise_not_implemented'].map(
    (name) => new NativeFunction(name, 'msg', (message: unknown) => raise(textOf(message))),
  ),
  new NativeFunction('raise_cache_inconsistent', 'message', (message: unknown) =>
    raise(`Cache inconsistency detected: ${textOf(message)}`),
  ),
  new NativeFunction('raise_invalid_property_yml_version', 'path issue', (path: unknown, issue: unknown) =>
    raise(`The yml property file at ${textOf(path)} is invalid because ${textOf(issue)}.`),
  ),
  new NativeFunction('raise_dataclass_not_dict', 'obj', (object: unknown) =>
    raise(
      `The object ("${textOf(object)}") was used as a dictionary. This capability has been removed from objects of this type.`,
    ),
  ),
  new NativeFunction('column_type_missing', 'column_names', (names: unknown) => {
    const list = [...iterate(names)].map(textOf)
    raise(
      'Contracted models require data_type to be defined for each column. Please ensure that the column name and ' +
        `data_type are defined within the YAML configuration for the ['${list.join("', '")}'] column(s).`,
    )
  }),
  new NativeFunction('raise_contract_error', 'yaml_columns sql_columns', contractError),
]

const relationRaisers = [
  new NativeFunction('missing_relation', 'relation model?', (relation: unknown) =>
    raise(`Relation ${textOf(relation)} not found!`),
  ),
  new NativeFunction('relation_wrong_type', 'relation expected_type model?', (relation: unknown, expected: unknown) => {
    const [name, type] = [textOf(relation), part(relation, 'type')]
    raise(
      `Trying to create ${textOf(expected)} ${name}, but it currently exists as a ${type}. Either drop ${name} ` +
        'manually, or run with `--full-refresh`, which drops it.',
    )
  }),
]

const nodeRaisers = [
  new NativeFunction('missing_config', 'model name', (model: unknown, name: unknown) =>
    raise(`Model '${part(model, 'unique_id')}' does not define a required config parameter '${textOf(name)}'.`),
  ),
  new NativeFunction('missing_materialization', 'model adapter_type', (model: unknown, adapter: unknown) => {
    const config = asMapping(model)?.get('config')
    raise(
      `No materialization '${part(config, 'materialized')}' was found for adapter ${textOf(adapter)}! (searched types 'default' and '${textOf(adapter)}')`,
    )
  }),
  new NativeFunction(
    'raise_ambiguous_alias',
    'node_1 node_2 duped_name?',
    (first: unknown, second: unknown, name?: unknown) => {
      const duplicate = name === undefined || name === null ? part(first, 'relation_name') : textOf(name)
      raise(
        `dbt found two resources with the database representation "${duplicate}".\ndbt cannot create two resources with ` +
          `identical database representations. To fix this,\nchange the configuration of one of these resources:\n` +
          `- ${describe(first)}\n- ${describe(second)}`,
      )
    },
  ),
  new NativeFunction(
    'raise_ambiguous_catalog_match',
    'unique_id match_1 match_2',
    (id: unknown, first: unknown, second: unknown) =>
      raise(
        'dbt found two relations in your warehouse with similar database identifiers. dbt is unable to determine which of ' +
          `these relations was created by the model "${textOf(id)}". In order for dbt to correctly generate the catalog, one ` +
          `of the following relations must be deleted or renamed:\n\n - ${textOf(first)}\n - ${textOf(second)}`,
      ),
  ),
  new NativeFunction('raise_duplicate_resource_name', 'node_1 node_2', (first: unknown, second: unknown) =>
    raise(
      `dbt found two ${part(first, 'resource_type')}s with the name "${part(first, 'name')}". To fix this, change the name ` +
        `of one of these resources:\n- ${describe(first)}\n- ${describe(second)}`,
    ),
  ),
  new NativeFunction('raise_duplicate_patch_name', 'patch_1 existing_patch_path', (patch: unknown, path: unknown) =>
    raise(
      `dbt found two schema.yml entries for the same resource named ${part(patch, 'name')}. Resources and their associated ` +
        `columns may only be described a single time. To fix this, remove one of the entries, in ` +
        `${part(patch, 'original_file_path')} or ${textOf(path)}.`,
    ),
  ),
  new NativeFunction(
    'raise_dep_not_found',
    'node node_description required_pkg',
    (node: unknown, what: unknown, name: unknown) =>
      raise(
        `Error while parsing ${textOf(what)}. The required package "${textOf(name)}" was not found. Is the package installed? Hint: You may need to run \`dbt deps\`. (${part(node, 'unique_id')})`,
      ),
  ),
]

function describe(node: unknown): string {
  return `${part(node, 'unique_id')} (${part(node, 'original_file_path')})`
}

interface ContractColumn {
  readonly name: string
  readonly type: string
}

function contractColumns(columns: unknown): ContractColumn[] {
  return [...iterate(columns)].map((column) => ({
    name: part(column, 'name'),
    type: part(column, 'data_type'),
  }))
}

/** Which columns of a contract and of the SQL do not fit, as a table. */
function contractError(yamlColumns: unknown, sqlColumns: unknown): never {
  const [contract, actual] = [contractColumns(yamlColumns), contractColumns(sqlColumns)]
  if (contract.length === 0) {
    raise("This model has an enforced contract, and its 'columns' specification is missing")
  }
  const lead = 'This model has an enforced contract that failed.\n'
  const remedy =
    "Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition."
  const rows = contractMismatches(contract, actual)
  const table = new AgateTable({
    names: ['column_name', 'definition_type', 'contract_type', 'mismatch_reason'],
    types: [agateTypes.Text, agateTypes.Text, agateTypes.Text, agateTypes.Text],
    rows,
  })
  raise(`${lead}${remedy}\n\n${tableText(table, { columnWidthMax: 50 })}`)
}

function contractMismatches(contract: readonly ContractColumn[], actual: readonly ContractColumn[]): string[][] {
  const rows: string[][] = []
  for (const column of actual) {
    const promised = contract.find(({ name }) => name === column.name)
    if (promised === undefined) rows.push([column.name, column.type, '', 'missing in contract'])
    else if (promised.type !== column.type) {
      rows.push([column.name, column.type, promised.type, 'data type mismatch'])
    }
  }
  for (const { name, type } of contract) {
    if (!actual.some((column) => column.name === name)) rows.push([name, '', type, 'missing in definition'])
  }
  return rows.toSorted(([left = ''], [right = '']) => (left < right ? -1 : left > right ? 1 : 0))
}
