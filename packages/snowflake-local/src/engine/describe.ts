import type { Table, User, View } from '../catalog/catalog-object.ts'
import { formatType, text, timestamp } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { keyFingerprint, tryReadPublicKey } from '../session/key-pair-token.ts'
import { optionText } from '../parse/ast-option.ts'
import type { OptionValue } from '../parse/ast-option.ts'
import type { SessionStatement } from '../parse/ast-statement.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import { emptyScope } from '../translate/scope.ts'
import type { OutputColumn } from '../translate/translator.ts'
import { environmentOf } from './environment.ts'
import type { StatementScope } from './environment.ts'
import { keepResult } from './execute-query.ts'
import { findDatabase, findObject, findRelationObject, findSchema, showName } from './resolve.ts'
import type { SessionState } from './session-state.ts'
import { unknownObject, unsupportedFeature } from './sql-error.ts'
import type { ResultRow, StatementResult } from './statement.ts'
import { wireTime } from './wire-text.ts'
import { rowsResult } from './wire.ts'

type Described = Extract<SessionStatement, { kind: 'describe' | 'describeResult' }>

const texts = (...names: readonly string[]): readonly OutputColumn[] =>
  names.map((name) => ({ name, type: text(), nullable: true }))

export function describe(scope: StatementScope, statement: Described): StatementResult {
  const [columns, rows] =
    statement.kind === 'describeResult' ? describeResult(scope, statement) : describeObject(scope, statement)
  keepResult(scope.session.engine.results, scope.request.queryId, { columns, rows, complete: true })
  return rowsResult(columns, rows)
}

type Shown = readonly [readonly OutputColumn[], readonly ResultRow[]]

const columnColumns = texts(
  'name',
  'type',
  'kind',
  'null?',
  'default',
  'primary key',
  'unique key',
  'check',
  'expression',
  'comment',
  'policy name',
  'privacy domain',
)

function describeResult(scope: StatementScope, { queryId }: Described & { kind: 'describeResult' }): Shown {
  const id = makeTranslator(environmentOf(scope)).expression(queryId, emptyScope)
  const kept = scope.session.engine.results.get(id.literal ?? id.sql.replaceAll("'", ''))
  return [columnColumns, (kept?.columns ?? []).map(({ name, type, nullable }) => columnRow(name, type, nullable))]
}

function columnRow(
  name: string,
  type: SqlType,
  nullable: boolean,
  {
    fallback = null,
    primary = false,
    unique = false,
    comment = '',
  }: { fallback?: string | null; primary?: boolean; unique?: boolean; comment?: string } = {},
): ResultRow {
  const yes = (value: boolean): string => (value ? 'Y' : 'N')
  return [
    name,
    formatType(type),
    'COLUMN',
    yes(nullable),
    fallback,
    yes(primary),
    yes(unique),
    null,
    null,
    comment === '' ? null : comment,
    null,
    null,
  ]
}

function describeObject({ session }: StatementScope, { object, name }: Described & { kind: 'describe' }): Shown {
  switch (object) {
    case 'TABLE':
    case 'VIEW':
    case 'MATERIALIZED VIEW':
    case 'DYNAMIC TABLE':
    case 'EXTERNAL TABLE':
      return [
        columnColumns,
        relationRows(findRelationObject(session, name, ['SELECT', 'REFERENCES', 'INSERT', 'UPDATE', 'DELETE']).object),
      ]
    case 'DATABASE':
      return containerRows([...findDatabase(session, name.parts[0]).schemas.values()])
    case 'SCHEMA':
      return containerRows([...findSchema(session, name.parts).schema.objects.values()])
    case 'STAGE':
    case 'FILE FORMAT': {
      const found = findObject(session, name, object).object
      return [
        texts('parent_property', 'property', 'property_type', 'property_value', 'property_default'),
        [...found.options].flatMap(([key, value]) => optionRows('', key, value)),
      ]
    }
    case 'USER':
      return [texts('property', 'value', 'default', 'description'), userRows(findUser(session, name.parts[0] ?? ''))]
    default:
      throw unsupportedFeature(`DESCRIBE ${object}`)
  }
}

function relationRows(object: Table | View): readonly ResultRow[] {
  if (object.kind === 'VIEW') {
    return object.columns.map(({ name, type, nullable, comment }) => columnRow(name, type, nullable, { comment }))
  }
  const keyed = (kind: string): ReadonlySet<string> =>
    new Set(object.constraints.filter((constraint) => constraint.kind === kind).flatMap(({ columns }) => columns))
  const [primary, unique] = [keyed('PRIMARY KEY'), keyed('UNIQUE')]
  return object.columns.map((column) => {
    const { identity } = column
    const fallback =
      column.default ??
      (identity === undefined ? null : `IDENTITY START ${identity.start} INCREMENT ${identity.increment} NOORDER`)
    return columnRow(column.name, column.type, column.nullable, {
      fallback,
      primary: primary.has(column.name),
      unique: unique.has(column.name),
      comment: column.comment,
    })
  })
}

function findUser({ engine }: SessionState, name: string): User {
  const found = engine.catalog.accountObject('USER', name)
  if (found === undefined) throw unknownObject('User', showName([name]))
  return found
}

/** Secrets are not shown; of a key its fingerprint is, by which its owner knows it. */
function userRows({ name, comment, options }: User): readonly ResultRow[] {
  const option = (key: string): string => optionText(options.get(key)) ?? 'null'
  const publicKey = tryReadPublicKey(optionText(options.get('RSA_PUBLIC_KEY')) ?? '')
  const properties = {
    NAME: name,
    COMMENT: comment === '' ? 'null' : comment,
    TYPE: option('TYPE'),
    DISPLAY_NAME: name,
    LOGIN_NAME: name,
    PASSWORD: options.has('PASSWORD') ? '********' : 'null',
    DISABLED: optionText(options.get('DISABLED'))?.toLowerCase() ?? 'false',
    DEFAULT_WAREHOUSE: option('DEFAULT_WAREHOUSE'),
    DEFAULT_NAMESPACE: option('DEFAULT_NAMESPACE'),
    DEFAULT_ROLE: option('DEFAULT_ROLE'),
    RSA_PUBLIC_KEY_FP: publicKey === undefined ? 'null' : keyFingerprint(publicKey),
  }
  return Object.entries(properties).map(([property, value]) => [property, value, 'null', ''])
}

function containerRows(objects: readonly { name: string; kind: string; createdMs: number }[]): Shown {
  const columns: readonly OutputColumn[] = [
    { name: 'created_on', type: timestamp('TIMESTAMP_LTZ', 3), nullable: true },
    ...texts('name', 'kind'),
  ]
  return [columns, objects.map(({ name, kind, createdMs }) => [wireTime(createdMs), name, kind])]
}

function optionRows(parent: string, name: string, value: OptionValue): readonly ResultRow[] {
  if (value.kind === 'options') return [...value.options].flatMap(([key, part]) => optionRows(name, key, part))
  const shown =
    value.kind === 'list' ? value.values.map((item) => ('text' in item ? item.text : '')).join(', ') : value.text
  return [[parent, name, 'String', shown, null]]
}
