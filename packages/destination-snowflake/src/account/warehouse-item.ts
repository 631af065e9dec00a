import type { AccountPlan } from './account-plan.ts'
import { accountSql } from './account-item.ts'
import type { AccountItem, AccountView, Difference } from './account-item.ts'

/** A warehouse of its own: what loading costs is then told apart, and nobody's queries wait for it. */
export function warehouseItem(plan: AccountPlan): AccountItem {
  const name = accountSql(plan.warehouse)
  const settings = [
    `WAREHOUSE_SIZE = ${plan.warehouseSize}`,
    `AUTO_SUSPEND = ${plan.autoSuspendSeconds}`,
    'AUTO_RESUME = TRUE',
    `STATEMENT_TIMEOUT_IN_SECONDS = ${plan.statementTimeoutSeconds}`,
  ].join(' ')
  const create = `CREATE WAREHOUSE IF NOT EXISTS ${name} ${settings} INITIALLY_SUSPENDED = TRUE`
  const alter = `ALTER WAREHOUSE ${name} SET ${settings}`
  return {
    subject: `warehouse ${plan.warehouse}`,
    asRole: 'SYSADMIN',
    statements: [create, alter],
    async differences(account: AccountView): Promise<readonly Difference[]> {
      const shown = await account.showOne('WAREHOUSES', plan.warehouse)
      if (shown === undefined) return [{ message: 'it does not exist, or the role may not use it', sql: create }]
      return [...suspension(shown['auto_suspend'] ?? '', plan), ...resumption(shown['auto_resume'], name)]
    },
  }
}

/** Snowflake shows an empty text or 0 for a warehouse that is never suspended. */
function suspension(shown: string, plan: AccountPlan): Difference[] {
  const seconds = Number(shown)
  if (seconds > 0 && seconds <= plan.autoSuspendSeconds) return []
  const message =
    seconds > 0
      ? `it is suspended after ${seconds} seconds without work, and costs credits until then; planned are ${plan.autoSuspendSeconds}`
      : 'it is never suspended, and costs credits day and night'
  const sql = `ALTER WAREHOUSE ${accountSql(plan.warehouse)} SET AUTO_SUSPEND = ${plan.autoSuspendSeconds}`
  return [{ message, sql, isTolerable: true }]
}

function resumption(shown: string | undefined, name: string): Difference[] {
  if (shown === 'true') return []
  const message = 'it does not resume by itself: a run fails while it is suspended'
  return [{ message, sql: `ALTER WAREHOUSE ${name} SET AUTO_RESUME = TRUE` }]
}
