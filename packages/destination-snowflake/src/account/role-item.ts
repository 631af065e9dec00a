import { ledgerSchemaName } from '../store/ledger.ts'
import type { AccountPlan } from './account-plan.ts'
import { accountSql, grants } from './account-item.ts'
import type { AccountItem, AccountView, Difference } from './account-item.ts'

/** What loading and transforming need in a schema, and nothing more. Tables that the role makes are its own. */
const schemaPrivileges = [
  'USAGE',
  'CREATE TABLE',
  'CREATE VIEW',
  'CREATE DYNAMIC TABLE',
  'CREATE MATERIALIZED VIEW',
  'CREATE STAGE',
  'CREATE SEQUENCE',
]

export function roleItem(plan: AccountPlan): AccountItem {
  const role = accountSql(plan.role)
  const create = `CREATE ROLE IF NOT EXISTS ${role}`
  const statements = [create, `GRANT ROLE ${role} TO ROLE SYSADMIN`]
  return {
    subject: `role ${plan.role}`,
    asRole: 'USERADMIN',
    statements,
    async differences(account: AccountView): Promise<readonly Difference[]> {
      const shown = await account.showOne('ROLES', plan.role)
      return shown === undefined ? [{ message: 'it does not exist, or cannot be seen', sql: create }] : []
    },
  }
}

/** Checkpoints, commits and files on their way are kept there, by this role alone. */
const ledgerPrivileges = ['USAGE', 'CREATE TABLE', 'CREATE STAGE']

/** What the role may do, one item for each object. */
export function grantItems(plan: AccountPlan): readonly AccountItem[] {
  const databasePrivileges = plan.mayCreateSchemas ? ['USAGE', 'CREATE SCHEMA'] : ['USAGE']
  return [
    grantItem(plan, ['USAGE'], { kind: 'WAREHOUSE', names: [plan.warehouse] }),
    grantItem(plan, databasePrivileges, { kind: 'DATABASE', names: [plan.database] }),
    ...plan.schemas.map((schema) =>
      grantItem(plan, schemaPrivileges, { kind: 'SCHEMA', names: [plan.database, schema] }),
    ),
    grantItem(plan, ledgerPrivileges, { kind: 'SCHEMA', names: [plan.database, ledgerSchemaName] }),
  ]
}

interface Grantable {
  readonly kind: 'WAREHOUSE' | 'DATABASE' | 'SCHEMA'
  readonly names: readonly string[]
}

function grantItem({ role }: AccountPlan, privileges: readonly string[], on: Grantable): AccountItem {
  return {
    subject: `privileges of role ${role} on ${on.kind.toLowerCase()} ${on.names.join('.')}`,
    asRole: 'SECURITYADMIN',
    statements: [grants(privileges, on, role)],
    async differences(account: AccountView): Promise<readonly Difference[]> {
      const shown = await account.show(`SHOW GRANTS TO ROLE ${accountSql(role)}`)
      const held = (shown ?? []).filter((row) => row['granted_on'] === on.kind && isNamed(row['name'], on.names))
      const heldNames = new Set(held.map((row) => row['privilege']))
      if (heldNames.has('OWNERSHIP')) return []
      const missing = privileges.filter((privilege) => !heldNames.has(privilege))
      if (missing.length === 0) return []
      return [
        {
          message: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
          sql: grants(missing, on, role),
        },
      ]
    },
  }
}

/** Snowflake shows names with their database before them, quoted where they must be. */
function isNamed(shown: string | undefined, names: readonly string[]): boolean {
  return shown === accountSql(...names) || shown === names.join('.')
}
