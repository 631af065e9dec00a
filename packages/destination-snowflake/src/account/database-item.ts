import type { AccountPlan } from './account-plan.ts'
import { accountSql } from './account-item.ts'
import type { AccountItem, AccountView, Difference, ShownRow } from './account-item.ts'

export function databaseItem(plan: AccountPlan): AccountItem {
  const name = accountSql(plan.database)
  const create = `CREATE DATABASE IF NOT EXISTS ${name} DATA_RETENTION_TIME_IN_DAYS = ${plan.retentionDays}`
  const alter = `ALTER DATABASE ${name} SET DATA_RETENTION_TIME_IN_DAYS = ${plan.retentionDays}`
  return {
    subject: `database ${plan.database}`,
    asRole: 'SYSADMIN',
    statements: [create, alter],
    async differences(account: AccountView): Promise<readonly Difference[]> {
      const shown = await account.showOne('DATABASES', plan.database)
      if (shown === undefined) return [{ message: 'it does not exist, or the role may not use it', sql: create }]
      return retentionDifference(shown, plan, alter)
    },
  }
}

export function schemaItem(plan: AccountPlan, schema: string): AccountItem {
  const name = accountSql(plan.database, schema)
  const create = `CREATE SCHEMA IF NOT EXISTS ${name} DATA_RETENTION_TIME_IN_DAYS = ${plan.retentionDays}`
  const alter = `ALTER SCHEMA ${name} SET DATA_RETENTION_TIME_IN_DAYS = ${plan.retentionDays}`
  return {
    subject: `schema ${plan.database}.${schema}`,
    asRole: 'SYSADMIN',
    statements: [create, alter],
    async differences(account: AccountView): Promise<readonly Difference[]> {
      const shown = await account.show(`SHOW SCHEMAS IN DATABASE ${accountSql(plan.database)}`)
      const found = shown?.find((row) => row['name'] === schema)
      if (found === undefined) return [{ message: 'it does not exist, or the role may not use it', sql: create }]
      return retentionDifference(found, plan, alter)
    },
  }
}

/** A row changed every minute is kept as often as it changed: that is what a long retention costs. */
function retentionDifference(shown: ShownRow, plan: AccountPlan, sql: string): Difference[] {
  const days = Number(shown['retention_time'])
  if (days === plan.retentionDays) return []
  const message = `Time Travel reaches back ${days} days; planned are ${plan.retentionDays}`
  return [{ message, sql, isTolerable: true }]
}
