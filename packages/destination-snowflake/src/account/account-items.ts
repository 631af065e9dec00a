import { ledgerSchemaName } from '../store/ledger.ts'
import type { AccountItem } from './account-item.ts'
import type { AccountPlan } from './account-plan.ts'
import { databaseItem, schemaItem } from './database-item.ts'
import { resourceMonitorItem } from './resource-monitor-item.ts'
import { grantItems, roleItem } from './role-item.ts'
import { userItem } from './user-item.ts'
import { warehouseItem } from './warehouse-item.ts'

/** Everything of a plan, in the order in which it can be made. */
export function accountItems(plan: AccountPlan): readonly AccountItem[] {
  return [
    warehouseItem(plan),
    databaseItem(plan),
    ...[...plan.schemas, ledgerSchemaName].map((schema) => schemaItem(plan, schema)),
    resourceMonitorItem(plan),
    roleItem(plan),
    userItem(plan),
    ...grantItems(plan),
  ]
}
