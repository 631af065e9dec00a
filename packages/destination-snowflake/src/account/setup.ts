import type { WarehouseConnection } from '@eclusa/sdk'
import type { AccountPlan } from './account-plan.ts'
import { accountItems } from './account-items.ts'

/** The SQL that brings an account to the plan, as a person reads and runs it; it may be run again. */
export function setupScript(plan: AccountPlan): string {
  let role: string | undefined
  const lines = accountItems(plan).flatMap((item) => {
    const section = item.asRole === role ? [] : ['', `USE ROLE ${item.asRole};`]
    role = item.asRole
    return [...section, '', `-- ${item.subject}`, ...item.statements.map((statement) => `${statement};`)]
  })
  return lines.slice(1).join('\n')
}

/**
 * Runs the statements, each under the role that may in an account where nothing was delegated. What ran stays: another
 * call does the rest.
 *
 * @throws WAREHOUSE_STATEMENT_FAILED for the first that Snowflake refuses.
 */
export async function applySetup(
  connection: WarehouseConnection,
  plan: AccountPlan,
  onDone: (subject: string) => void,
): Promise<void> {
  for (const { subject, asRole, statements } of accountItems(plan)) {
    await connection.query(`USE ROLE ${asRole}`)
    for (const statement of statements) await connection.query(statement)
    onDone(subject)
  }
}
