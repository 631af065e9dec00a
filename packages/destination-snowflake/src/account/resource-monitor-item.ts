import type { AccountPlan } from './account-plan.ts'
import { accountSql } from './account-item.ts'
import type { AccountItem, AccountView, Difference } from './account-item.ts'

/** The upper limit of what a month can cost. */
export function resourceMonitorItem(plan: AccountPlan): AccountItem {
  const name = accountSql(plan.resourceMonitor)
  const create = `CREATE RESOURCE MONITOR IF NOT EXISTS ${name} WITH CREDIT_QUOTA = ${plan.creditQuota} FREQUENCY = MONTHLY START_TIMESTAMP = IMMEDIATELY TRIGGERS ON 75 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND`
  const alter = `ALTER RESOURCE MONITOR ${name} SET CREDIT_QUOTA = ${plan.creditQuota}`
  const attach = `ALTER WAREHOUSE ${accountSql(plan.warehouse)} SET RESOURCE_MONITOR = ${name}`
  return {
    subject: `resource monitor ${plan.resourceMonitor}`,
    asRole: 'ACCOUNTADMIN',
    statements: [create, alter, attach],
    async differences(account: AccountView): Promise<readonly Difference[]> {
      const warehouse = await account.showOne('WAREHOUSES', plan.warehouse)
      const attached = warehouse?.['resource_monitor'] ?? ''
      if (attached === '' || attached === 'null') {
        const message = `nothing limits what warehouse ${plan.warehouse} may cost in a month`
        return [{ message, sql: `${create};\n${attach}`, isTolerable: true }]
      }
      const shown = await account.showOne('RESOURCE MONITORS', attached)
      // Only account administrators see monitors; that one is attached is seen by all who may use the warehouse.
      if (shown === undefined || Number(shown['credit_quota']) <= plan.creditQuota) return []
      const message = `monitor ${attached} allows ${Number(shown['credit_quota'])} credits; planned are ${plan.creditQuota}`
      const sql = `ALTER RESOURCE MONITOR ${accountSql(attached)} SET CREDIT_QUOTA = ${plan.creditQuota}`
      return [{ message, sql, isTolerable: true }]
    },
  }
}
