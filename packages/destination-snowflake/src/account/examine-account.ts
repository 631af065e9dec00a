import type { CheckFinding, WarehouseConnection } from '@eclusa/sdk'
import { AccountView } from './account-item.ts'
import type { AccountItem } from './account-item.ts'
import { accountItems } from './account-items.ts'
import type { AccountPlan } from './account-plan.ts'

/** Compares an account with the plan, as far as the session's role can see it; changes nothing. */
export async function examineAccount(connection: WarehouseConnection, plan: AccountPlan): Promise<CheckFinding[]> {
  const account = new AccountView(connection)
  const findings: CheckFinding[] = []
  for (const item of accountItems(plan)) findings.push(...(await findingsOf(item, account)))
  return findings
}

async function findingsOf(item: AccountItem, account: AccountView): Promise<CheckFinding[]> {
  const differences = await item.differences(account)
  if (differences.length === 0) return [{ status: 'passed', subject: item.subject, message: 'as planned' }]
  return differences.map(({ message, sql, isTolerable = false }) => ({
    status: isTolerable ? 'warning' : 'failed',
    subject: item.subject,
    message,
    remedy: `${sql};`,
  }))
}
