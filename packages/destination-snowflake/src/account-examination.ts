import type { CheckFinding, EclusaError, WarehouseConnection } from '@eclusa/sdk'
import { AccountView, accountSql } from './account/account-item.ts'
import type { ShownRow } from './account/account-item.ts'
import {
  databaseMissing,
  privilegeMissing,
  roleRefused,
  warehouseMissing,
  warehouseSuspended,
} from './account-error.ts'
import type { Login } from './account-error.ts'

/*
 * Whether a session can load, found out by statements that need no running warehouse and change nothing. Privileges are
 * looked up where they were granted, through the roles that the role has.
 */

/** What was looked at, and what is wrong with it. */
export interface Finding {
  readonly subject: string
  readonly message: string
  readonly error?: EclusaError
}

export function findingOf({ subject, message, error }: Finding): CheckFinding {
  if (error === undefined) return { status: 'passed', subject, message }
  return { status: 'failed', subject, message: error.message, code: error.code, remedy: error.remedy }
}

/** The warehouse and the database of the login. */
export async function examineLogin(connection: WarehouseConnection, login: Login): Promise<readonly Finding[]> {
  const account = new AccountView(connection)
  return [await warehouseFinding(account, login), await databaseFinding(account, login)]
}

async function warehouseFinding(account: AccountView, login: Login): Promise<Finding> {
  const subject = `warehouse ${accountSql(login.warehouse)}`
  const shown = await account.showOne('WAREHOUSES', login.warehouse)
  if (shown === undefined) return { subject, message: '', error: warehouseMissing(login) }
  const state = shown['state'] ?? ''
  const resumes = shown['auto_resume'] === 'true'
  if (state.startsWith('SUSPEND') && !resumes) return { subject, message: '', error: warehouseSuspended(login) }
  return { subject, message: `It is ${state.toLowerCase()}, of size ${shown['size'] ?? 'unknown'}.` }
}

async function databaseFinding(account: AccountView, login: Login): Promise<Finding> {
  const subject = `database ${accountSql(login.database)}`
  const shown = await account.showOne('DATABASES', login.database)
  if (shown === undefined) return { subject, message: '', error: databaseMissing(login) }
  return { subject, message: 'It is there, and the role may use it.' }
}

/** A privilege that the role has, by itself or by a role that was granted to it. */
interface Grant {
  readonly privilege: string
  readonly kind: string
  readonly name: string
}

/**
 * What the role may do in the database and these schemas, which are made where they are missing.
 *
 * @throws SNOWFLAKE_ROLE_REFUSED
 */
export async function examinePrivileges(
  connection: WarehouseConnection,
  login: Login,
  schemas: readonly { readonly name: string; readonly privileges: readonly string[] }[],
): Promise<readonly Finding[]> {
  const account = new AccountView(connection)
  const role = await currentRole(connection)
  const grants = await grantsOf(account, { ...login, role })
  const database = accountSql(login.database)
  const shown = (await account.show(`SHOW SCHEMAS IN DATABASE ${database}`)) ?? []
  const there = new Set(shown.map((row) => row['name']))
  return schemas.map(({ name, privileges }) => {
    const schema = `${database}.${accountSql(name)}`
    const object = there.has(name)
      ? { kind: 'SCHEMA', object: schema, privileges }
      : { kind: 'DATABASE', object: database, privileges: ['CREATE SCHEMA'] }
    const missing = missingPrivileges(grants, role, object)
    const found = there.has(name) ? 'It is there, and the role may load into it.' : 'It will be made.'
    const error =
      missing.length === 0 ? undefined : privilegeMissing({ role }, { ...object, privileges: missing.join(', ') })
    return { subject: `schema ${schema}`, message: found, ...(error === undefined ? {} : { error }) }
  })
}

async function currentRole(connection: WarehouseConnection): Promise<string> {
  const { rows } = await connection.query('SELECT CURRENT_ROLE()')
  return String(rows[0]?.[0] ?? '')
}

/** Of the role and of all roles below it. */
async function grantsOf(account: AccountView, login: Login & { readonly role: string }): Promise<readonly Grant[]> {
  const grants: Grant[] = []
  const seen = new Set<string>()
  const waiting = [login.role]
  for (let role = waiting.pop(); role !== undefined; role = waiting.pop()) {
    if (seen.has(role)) continue
    seen.add(role)
    const shown = await account.show(`SHOW GRANTS TO ROLE ${accountSql(role)}`)
    if (shown === undefined && role === login.role) throw roleRefused(login)
    const found = (shown ?? []).map(grantOf)
    grants.push(...found)
    waiting.push(...found.filter(({ kind }) => kind === 'ROLE').map(({ name }) => name))
  }
  return grants
}

function grantOf(row: ShownRow): Grant {
  return { privilege: row['privilege'] ?? '', kind: row['granted_on'] ?? '', name: row['name'] ?? '' }
}

/** Roles that Snowflake gives privileges to that no grant shows. */
const systemRoles = new Set(['ACCOUNTADMIN', 'SYSADMIN'])

function missingPrivileges(
  grants: readonly Grant[],
  role: string,
  {
    kind,
    object,
    privileges,
  }: { readonly kind: string; readonly object: string; readonly privileges: readonly string[] },
): readonly string[] {
  if (systemRoles.has(role)) return []
  const held = new Set(
    grants.filter((grant) => grant.kind === kind && grant.name === object).map(({ privilege }) => privilege),
  )
  if (held.has('OWNERSHIP') || held.has('ALL') || held.has('ALL PRIVILEGES')) return []
  return privileges.filter((privilege) => !held.has(privilege))
}
