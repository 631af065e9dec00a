/** What an account holds for eclusa: `setup` makes it, `doctor` compares it. Names are as Snowflake stores them. */
export interface AccountPlan {
  readonly database: string
  /** Where tables arrive, and where the models of `transform` go. */
  readonly schemas: readonly string[]
  readonly warehouse: string
  readonly warehouseSize: string
  readonly autoSuspendSeconds: number
  /** A statement that runs longer is ended. */
  readonly statementTimeoutSeconds: number
  readonly role: string
  readonly user: string
  /** The key in PEM without its first and last line; absent: the user's key is left as it is. */
  readonly publicKey?: string
  readonly resourceMonitor: string
  /** Credits a month, of which 75 % notify and 100 % suspend the warehouse. */
  readonly creditQuota: number
  /** How long Time Travel reaches back. */
  readonly retentionDays: number
  /** Lets the role make schemas: for streams whose targets name schemas of their own. */
  readonly mayCreateSchemas: boolean
}

export const accountPlanDefaults: Omit<AccountPlan, 'publicKey'> = {
  database: 'ECLUSA',
  schemas: ['STAGING', 'DW'],
  warehouse: 'ECLUSA_WH',
  warehouseSize: 'XSMALL',
  autoSuspendSeconds: 60,
  statementTimeoutSeconds: 3600,
  role: 'ECLUSA_ROLE',
  user: 'ECLUSA_USER',
  resourceMonitor: 'ECLUSA_MONITOR',
  creditQuota: 20,
  retentionDays: 1,
  mayCreateSchemas: true,
}
