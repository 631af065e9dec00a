import { isVisible, rolesOfUser } from '../catalog/privilege.ts'
import { text } from '../catalog/sql-type.ts'
import type { SessionStatement } from '../parse/ast-statement.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import { emptyScope } from '../translate/scope.ts'
import { quoteText } from '../translate/sql-text.ts'
import { readTexts } from './duckdb.ts'
import { environmentOf } from './environment.ts'
import type { StatementScope } from './environment.ts'
import { findDatabase, findSchema } from './resolve.ts'
import { compilationError } from './sql-error.ts'
import type { SessionState } from './session-state.ts'
import { numberLiteral } from '../translate/translate-expression.ts'

const succeeded = 'Statement executed successfully.'

type Of<Kind extends SessionStatement['kind']> = Extract<SessionStatement, { kind: Kind }>

export function use(session: SessionState, { object, name }: Of<'use'>): string {
  switch (object) {
    case 'DATABASE':
      session.database = findDatabase(session, name.parts[0]).name
      session.schema =
        session.engine.catalog.databases.get(session.database)?.schemas.has('PUBLIC') === true ? 'PUBLIC' : undefined
      break
    case 'SCHEMA': {
      const { database, schema } = findSchema(session, name.parts)
      session.database = database.name
      session.schema = schema.name
      break
    }
    case 'ROLE':
      session.role = roleFor(session, name.parts[0] ?? '')
      break
    case 'WAREHOUSE':
      session.warehouse = warehouseFor(session, name.parts[0] ?? '')
      break
    default:
  }
  return succeeded
}

function roleFor(session: SessionState, role: string): string {
  const { catalog } = session.engine
  if (catalog.accountObject('ROLE', role) === undefined) throw missing()
  if (!rolesOfUser(catalog, session.user).has(role)) {
    throw compilationError(
      '003013',
      '42501',
      `Requested role '${role}' is not assigned to the executing user. Specify another role to activate.`,
    )
  }
  return role
}

function warehouseFor(session: SessionState, name: string): string {
  const warehouse = session.engine.catalog.accountObject('WAREHOUSE', name)
  if (warehouse === undefined || !isVisible(session.engine.catalog, session.role, warehouse)) throw missing()
  return name
}

function missing(): Error {
  return compilationError('002043', '02000', 'Object does not exist, or operation cannot be performed.')
}

export async function alterSession(session: SessionState, { set, unset }: Of<'alterSession'>): Promise<string> {
  for (const [name, value] of set) {
    const given = value.kind === 'list' || value.kind === 'options' ? '' : value.text
    if (name === 'TIMEZONE') await setTimeZone(session, given)
    session.parameters.set(name, given)
  }
  for (const name of unset) session.parameters.delete(name)
  return succeeded
}

export async function setTimeZone(session: SessionState, zone: string): Promise<void> {
  try {
    await session.connection.run(`SET TimeZone = ${quoteText(zone)}`)
  } catch {
    throw compilationError('001007', '22023', `invalid value [${zone}] for parameter 'TIMEZONE'`)
  }
}

export async function setVariables(scope: StatementScope, { names, values }: Of<'setVariables'>): Promise<string> {
  const translator = makeTranslator(environmentOf(scope))
  if (names.length !== values.length)
    throw compilationError('001003', '42000', 'SET needs as many values as variables.')
  for (const [index, name] of names.entries()) {
    const expression = values[index]
    if (expression === undefined) continue
    const value = translator.expression(expression, emptyScope)
    const [row] = await readTexts(scope.session.connection, `SELECT CAST(${value.sql} AS VARCHAR)`)
    const given = row?.[0] ?? null
    scope.session.variables.set(name, variableOf(given, value.type.name))
  }
  return succeeded
}

function variableOf(value: string | null, type: string): ReturnType<typeof numberLiteral> {
  if (value === null) return { sql: 'NULL', type: { name: 'NULL' } }
  if (type !== 'NUMBER') return { sql: quoteText(value), type: text(Math.max(1, value.length)), literal: value }
  const unsigned = numberLiteral(value.replace('-', ''))
  return value.startsWith('-') ? { ...unsigned, sql: `(-${unsigned.sql})`, literal: value } : unsigned
}

export function unsetVariables(session: SessionState, { names }: Of<'unsetVariables'>): string {
  for (const name of names) session.variables.delete(name)
  return succeeded
}
