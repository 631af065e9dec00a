import { createHash } from 'node:crypto'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { AccountPlan } from './account-plan.ts'
import { accountSql } from './account-item.ts'
import type { AccountItem, AccountView, Difference } from './account-item.ts'

/** A user that is a program: it has a key, and no password that could be guessed. */
export function userItem(plan: AccountPlan): AccountItem {
  const [user, role] = [accountSql(plan.user), accountSql(plan.role)]
  const defaults = `DEFAULT_ROLE = ${role} DEFAULT_WAREHOUSE = ${accountSql(plan.warehouse)}`
  const create = `CREATE USER IF NOT EXISTS ${user} TYPE = SERVICE ${defaults}`
  const setKey =
    plan.publicKey === undefined
      ? undefined
      : `ALTER USER ${user} SET RSA_PUBLIC_KEY = ${snowflakeDialect.quoteLiteral(plan.publicKey)}`
  return {
    subject: `user ${plan.user}`,
    asRole: 'USERADMIN',
    statements: [create, ...(setKey === undefined ? [] : [setKey]), `GRANT ROLE ${role} TO USER ${user}`],
    async differences(account: AccountView): Promise<readonly Difference[]> {
      const described = await account.show(`DESCRIBE USER ${user}`)
      if (described === undefined) return [{ message: 'it does not exist, or cannot be seen', sql: create }]
      const properties = new Map(described.map((row) => [row['property'] ?? '', row['value'] ?? '']))
      return [
        ...keyDifference(properties.get('RSA_PUBLIC_KEY_FP') ?? '', plan, setKey),
        ...(await roleDifference(account, plan)),
      ]
    },
  }
}

function keyDifference(shown: string, plan: AccountPlan, setKey: string | undefined): Difference[] {
  const isThere = shown !== '' && shown !== 'null'
  if (plan.publicKey === undefined) {
    if (isThere) return []
    const sql = `ALTER USER ${accountSql(plan.user)} SET RSA_PUBLIC_KEY = '<the key that \`eclusa snowflake setup --generate-key rsa_key.p8\` prints>'`
    return [{ message: 'it has no public key: it cannot log in by key pair', sql }]
  }
  if (shown === fingerprint(plan.publicKey)) return []
  const message = isThere ? 'its public key is another one' : 'it has no public key'
  return [{ message, sql: setKey! }]
}

async function roleDifference(account: AccountView, { user, role }: AccountPlan): Promise<Difference[]> {
  const shown = await account.show(`SHOW GRANTS TO USER ${accountSql(user)}`)
  if (shown === undefined || shown.some((row) => row['role'] === role)) return []
  return [{ message: `it has not role ${role}`, sql: `GRANT ROLE ${accountSql(role)} TO USER ${accountSql(user)}` }]
}

/** As Snowflake shows it: SHA-256 of the key in DER. */
export function fingerprint(publicKey: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64')
  return `SHA256:${digest}`
}
