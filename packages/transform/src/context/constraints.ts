import { textOf } from '../jinja/python-text.ts'
import { OperationError } from '../jinja/template-error.ts'
import { isRecord } from '../manifest/node-config.ts'

type Constraint = Readonly<Record<string, unknown>>

const constraintTypes = ['check', 'not_null', 'unique', 'primary_key', 'foreign_key', 'custom']

interface RenderOptions {
  /** How a foreign key names the relation it refers to. */
  readonly keyTarget: (relation: string) => string
}

/** DuckDB takes a name with a database in front for one of another database, even if it is its own. */
export function withoutDatabase(relation: string): string {
  const parts = relation.match(/(?:"(?:[^"]|"")*"|[^."]+)/gu) ?? []
  return parts.length > 2 ? parts.slice(1).join('.') : relation
}

/** The columns of a contract as CREATE TABLE lists them, each with its constraints: `id int not null`. */
export function renderColumnConstraints(
  columns: unknown,
  { quote, keyTarget }: RenderOptions & { readonly quote: (name: string) => string },
): string[] {
  return recordsOf(columns).map((column) => {
    const name = textOf(column['name'])
    const constraints = recordsOf(column['constraints']).flatMap(
      (constraint) => columnConstraint(constraint, keyTarget) ?? [],
    )
    const quoted = column['quote'] === true ? quote(name) : name
    return [`${quoted} ${textOf(column['data_type'] ?? '')}`, ...constraints].join(' ')
  })
}

/** The constraints of a model as a whole: `constraint orders_key primary key (id, day)`. */
export function renderModelConstraints(constraints: unknown, { keyTarget }: RenderOptions): string[] {
  return recordsOf(constraints).flatMap((constraint) => modelConstraint(constraint, keyTarget) ?? [])
}

function columnConstraint(constraint: Constraint, keyTarget: RenderOptions['keyTarget']): string | undefined {
  const expression = textIn(constraint, 'expression')
  const withExpression = (text: string) => `${text} ${expression}`.trim()
  switch (typeOf(constraint)) {
    case 'check':
      return expression === '' ? undefined : `check (${expression})`
    case 'not_null':
      return withExpression('not null')
    case 'unique':
      return withExpression('unique')
    case 'primary_key':
      return withExpression('primary key')
    case 'foreign_key':
      return references(constraint, keyTarget)
    default:
      return expression === '' ? undefined : expression
  }
}

function modelConstraint(constraint: Constraint, keyTarget: RenderOptions['keyTarget']): string | undefined {
  const name = textIn(constraint, 'name')
  const prefix = name === '' ? '' : `constraint ${name} `
  const expression = textIn(constraint, 'expression')
  const columns = listIn(constraint, 'columns').join(', ')
  const keyed = (kind: string) => `${prefix}${kind}${expression === '' ? '' : ` ${expression}`} (${columns})`
  switch (typeOf(constraint)) {
    case 'check':
      return expression === '' ? undefined : `${prefix}check (${expression})`
    case 'unique':
      return keyed('unique')
    case 'primary_key':
      return keyed('primary key')
    case 'foreign_key': {
      const target = references(constraint, keyTarget)
      return target === undefined ? undefined : `${prefix}foreign key (${columns}) ${target}`
    }
    case 'custom':
      return expression === '' ? undefined : `${prefix}${expression}`
    default:
      return undefined
  }
}

function references(constraint: Constraint, keyTarget: RenderOptions['keyTarget']): string | undefined {
  const [to, columns, expression] = [
    textIn(constraint, 'to'),
    listIn(constraint, 'to_columns'),
    textIn(constraint, 'expression'),
  ]
  if (to !== '' && columns.length > 0) return `references ${keyTarget(to)} (${columns.join(', ')})`
  return expression === '' ? undefined : `references ${expression}`
}

function typeOf(constraint: Constraint): string {
  const type = textIn(constraint, 'type')
  if (constraintTypes.includes(type)) return type
  throw new OperationError(
    'runtime',
    `Could not parse constraint: its type is "${type}", not one of ${constraintTypes.join(', ')}`,
  )
}

function textIn(record: Constraint, key: string): string {
  const value = record[key]
  return value == null ? '' : textOf(value)
}

function listIn(record: Constraint, key: string): string[] {
  const value = record[key]
  return Array.isArray(value) ? value.map(textOf) : []
}

function recordsOf(value: unknown): Constraint[] {
  if (value == null) return []
  return (Array.isArray(value) ? value : Object.values(value)).filter(isRecord)
}
