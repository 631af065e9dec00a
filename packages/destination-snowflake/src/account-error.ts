import { EclusaError, hasErrorCode } from '@eclusa/sdk'
import type { ErrorCode } from '@eclusa/sdk'
import { accountSql } from './account/account-item.ts'
import { objectNameOf } from './object-name.ts'

/** Who has logged in, or tried to. */
export interface Login {
  readonly account: string
  readonly user: string
  readonly role?: string
  readonly warehouse: string
  readonly database: string
}

/**
 * Turns what Snowflake says into what to do: the GRANT, the ALTER, the place where the right name is found. Anything that
 * needs no explanation is given back as it is.
 */
export function accountError(error: unknown, login: Login): unknown {
  if (hasErrorCode(error, 'WAREHOUSE_CONNECTION_FAILED')) return loginError(error, login)
  if (hasErrorCode(error, 'WAREHOUSE_STATEMENT_FAILED')) return statementError(error, login)
  return error
}

/** By the server's code; the driver has its own for a server that is not there. */
const loginRemedies: Readonly<Record<string, (login: Login) => string>> = {
  '390100': ({ user }) =>
    `Correct \`username\` or \`password\`. The login name of a user: DESCRIBE USER ${accountSql(user)}; a new password: ALTER USER ${accountSql(user)} SET PASSWORD = '…';`,
  '390101': ({ user }) => `The user may not log in: ALTER USER ${accountSql(user)} SET DISABLED = FALSE;`,
  '390144': ({ user }) =>
    `The user has not this key's public key, or \`username\` is wrong: ALTER USER ${accountSql(user)} SET RSA_PUBLIC_KEY = '…'; with what \`openssl rsa -in rsa_key.p8 -pubout\` prints between its first and last line. \`eclusa snowflake setup\` prints all of it. A clock that is minutes wrong gives the same refusal.`,
  '390303': () => 'The OAuth token is wrong or has expired: get a new one into `access_token`.',
  '390318': () => 'The OAuth token has expired: get a new one into `access_token`.',
  '390422': ({ user }) =>
    `A network policy keeps this machine's address out: have it added (SHOW PARAMETERS LIKE 'NETWORK_POLICY' FOR USER ${accountSql(user)};).`,
  '394400': ({ user }) =>
    `The programmatic access token is wrong, has expired or was revoked: ALTER USER ${accountSql(user)} ADD PROGRAMMATIC ACCESS TOKEN eclusa; gives a new one.`,
  '401001': accountRemedy,
  '401002': accountRemedy,
  '404007': accountRemedy,
}

function accountRemedy(): string {
  return "Correct `account` or `host`, and see whether this machine reaches it. The account's identifier: SELECT CURRENT_ORGANIZATION_NAME() || '-' || CURRENT_ACCOUNT_NAME();"
}

function loginError(error: EclusaError, login: Login): EclusaError {
  const code = String(error.details['code'])
  if (code === '390189' || code === '390186') return roleRefused(login, error)
  const remedy = loginRemedies[code]
  if (remedy === undefined) return error
  return explained('WAREHOUSE_CONNECTION_FAILED', { message: error.message, remedy: remedy(login), cause: error })
}

export function roleRefused({ role = '', user }: Login, cause?: unknown): EclusaError {
  return explained('SNOWFLAKE_ROLE_REFUSED', {
    message: `There is no role ${accountSql(role)}, or user ${user} was not granted it.`,
    remedy: `GRANT ROLE ${accountSql(role)} TO USER ${accountSql(objectNameOf(user))};`,
    cause,
  })
}

export function warehouseMissing({ warehouse, role }: Login, cause?: unknown): EclusaError {
  return explained('SNOWFLAKE_WAREHOUSE_MISSING', {
    message: `There is no warehouse ${accountSql(warehouse)}, or role ${role ?? 'of the user'} may not use it.`,
    remedy: `GRANT USAGE ON WAREHOUSE ${accountSql(warehouse)} TO ROLE ${roleSql(role)}; or, where there is none: CREATE WAREHOUSE ${accountSql(warehouse)} WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE;`,
    cause,
  })
}

export function warehouseSuspended({ warehouse }: Login, cause?: unknown): EclusaError {
  return explained('SNOWFLAKE_WAREHOUSE_SUSPENDED', {
    message: `Warehouse ${accountSql(warehouse)} is suspended and does not resume by itself.`,
    remedy: `ALTER WAREHOUSE ${accountSql(warehouse)} SET AUTO_RESUME = TRUE; Where a resource monitor has suspended it, its quota is used up: SHOW RESOURCE MONITORS;`,
    cause,
  })
}

export function databaseMissing({ database, role }: Login, cause?: unknown): EclusaError {
  return explained('SNOWFLAKE_DATABASE_MISSING', {
    message: `There is no database ${accountSql(database)}, or role ${role ?? 'of the user'} may not use it.`,
    remedy: `GRANT USAGE, CREATE SCHEMA ON DATABASE ${accountSql(database)} TO ROLE ${roleSql(role)}; or, where there is none: CREATE DATABASE ${accountSql(database)};`,
    cause,
  })
}

export function privilegeMissing(
  { role }: Pick<Login, 'role'>,
  { privileges, kind, object }: { readonly privileges: string; readonly kind: string; readonly object: string },
  cause?: unknown,
): EclusaError {
  return explained('SNOWFLAKE_PRIVILEGE_MISSING', {
    message: `Role ${role ?? 'of the user'} lacks ${privileges} on ${kind.toLowerCase()} ${object}.`,
    remedy: `GRANT ${privileges} ON ${kind} ${object} TO ROLE ${roleSql(role)};`,
    cause,
  })
}

/** What loading does with objects of each kind, and so what it was refused. */
const neededPrivileges: Readonly<Record<string, string>> = {
  WAREHOUSE: 'USAGE',
  DATABASE: 'USAGE, CREATE SCHEMA',
  SCHEMA: 'USAGE, CREATE TABLE, CREATE STAGE',
  TABLE: 'OWNERSHIP',
  STAGE: 'READ, WRITE',
}

function statementError(error: EclusaError, login: Login): EclusaError {
  const code = String(error.details['code'])
  const message = String(error.details['message'])
  if (code === '003001') return refusedPrivilege(message, login, error)
  if (code === '000606') return warehouseMissing(login, error)
  // 090073 of a resource monitor; of a warehouse that may not resume, the number is not documented.
  if (code === '090073' || /warehouse .*(suspended|cannot be resumed)/iu.test(message)) {
    return warehouseSuspended(login, error)
  }
  return error
}

/** `Insufficient privileges to operate on schema 'STAGING'` */
function refusedPrivilege(message: string, login: Login, error: EclusaError): EclusaError {
  const found = /operate on (\w+) '([^']+)'/u.exec(message)
  const kind = found?.[1]?.toUpperCase() ?? ''
  const privileges = neededPrivileges[kind]
  if (found === null || privileges === undefined) return error
  const object = kind === 'SCHEMA' ? `${accountSql(login.database)}.${found[2]!}` : found[2]!
  return privilegeMissing(login, { privileges, kind, object }, error)
}

function roleSql(role: string | undefined): string {
  return role === undefined ? '<role>' : accountSql(role)
}

function explained(
  code: ErrorCode,
  { message, remedy, cause }: { readonly message: string; readonly remedy: string; readonly cause: unknown },
): EclusaError {
  return new EclusaError(code, { message, remedy, ...(cause === undefined ? {} : { cause }) })
}
