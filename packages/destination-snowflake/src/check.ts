import { EclusaError } from '@eclusa/sdk'
import type { CheckFinding, CheckResult, ConnectorContext, WarehouseConnection } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import { examineLogin, examinePrivileges, findingOf } from './account-examination.ts'
import { settingsOf } from './config.ts'
import type { SnowflakeConfig, SnowflakeSettings } from './config.ts'
import { openAccount } from './open-account.ts'
import { ledgerSchemaName } from './store/ledger.ts'

/** Looks whether one can log in, and whether the role may load; changes nothing and wakes no warehouse. */
export async function checkSnowflake(config: SnowflakeConfig, { signal }: ConnectorContext): Promise<CheckResult> {
  const settings = settingsOf(config)
  const { account, user } = settings.login
  const subject = `login of ${user} at ${account}`
  try {
    await using warehouse = await openAccount(settings, { signal, isExamined: false })
    await using connection = await warehouse.connect()
    const passed: CheckFinding = { status: 'passed', subject, message: 'It works.' }
    return { findings: [passed, ...loginAdvice(config), ...(await examine(connection, settings))] }
  } catch (error) {
    if (!EclusaError.isInstance(error)) throw error
    return { findings: [{ status: 'failed', subject, message: error.message, code: error.code, remedy: error.remedy }] }
  }
}

async function examine(connection: WarehouseConnection, settings: SnowflakeSettings): Promise<CheckFinding[]> {
  const found = await examineLogin(connection, settings.login)
  if (found.some(({ error }) => error !== undefined)) return found.map(findingOf)
  const schemas = [
    { name: ledgerSchemaName, privileges: ['USAGE', 'CREATE TABLE', 'CREATE STAGE'] },
    ...(settings.schema === undefined ? [] : [{ name: settings.schema, privileges: ['USAGE', 'CREATE TABLE'] }]),
  ]
  try {
    // Names that are none are found before anything is made.
    for (const { name } of schemas) snowflakeDialect.quoteIdentifier(name)
    return [...found, ...(await examinePrivileges(connection, settings.login, schemas))].map(findingOf)
  } catch (error) {
    if (!EclusaError.isInstance(error)) throw error
    const subject = settings.login.role === undefined ? 'privileges' : `role ${settings.login.role}`
    const failed: CheckFinding = {
      status: 'failed',
      subject,
      message: error.message,
      code: error.code,
      remedy: error.remedy,
    }
    return [...found.map(findingOf), failed]
  }
}

function loginAdvice({ credentials }: SnowflakeConfig): CheckFinding[] {
  if (credentials.auth_type !== 'password' && credentials.auth_type !== 'Username and Password') return []
  return [
    {
      status: 'warning',
      subject: 'password',
      message: 'Snowflake is ending logins of programs by password alone.',
      remedy:
        'Log in by key pair: `eclusa snowflake setup` makes the key, and prints the SQL that gives it to the user.',
    },
  ]
}
