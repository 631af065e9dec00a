import { foldedSnowflakeName, quoteSnowflake } from '@eclusa/warehouse'
import type { WarehouseConnection } from '@eclusa/sdk'
import { hasErrorCode } from '@eclusa/sdk'

/** Roles that every account has. */
export type SystemRole = 'ACCOUNTADMIN' | 'SYSADMIN' | 'USERADMIN' | 'SECURITYADMIN'

/** One thing of the plan. */
export interface AccountItem {
  /** For a person: `warehouse ECLUSA_WH`. */
  readonly subject: string
  /** Who may do it in an account where nothing was delegated. */
  readonly asRole: SystemRole
  /** Can be run again: they make what is missing, and set what differs. */
  readonly statements: readonly string[]
  /** What differs in the account. */
  differences(account: AccountView): Promise<readonly Difference[]>
}

export interface Difference {
  readonly message: string
  /** The SQL that mends it. */
  readonly sql: string
  /** Things work, but cost more or keep less than planned. Default: false. */
  readonly isTolerable?: boolean
}

/** A row of SHOW or DESCRIBE by the names of its columns; numbers and times as text. */
export type ShownRow = Readonly<Record<string, string>>

/** What the session's role can see of an account. */
export class AccountView {
  readonly #connection: WarehouseConnection

  constructor(connection: WarehouseConnection) {
    this.#connection = connection
  }

  /**
   * Rows of a SHOW or DESCRIBE statement; undefined where the object is not there or the role may not see it, which
   * Snowflake does not tell apart.
   */
  async show(sql: string): Promise<readonly ShownRow[] | undefined> {
    try {
      const { columns, rows } = await this.#connection.query(sql)
      return rows.map((row) =>
        Object.fromEntries(columns.map(({ name }, index) => [name.toLowerCase(), String(row[index] ?? '')])),
      )
    } catch (error) {
      if (hasErrorCode(error, 'WAREHOUSE_STATEMENT_FAILED') && unseenCodes.has(String(error.details['code']))) {
        return undefined
      }
      throw error
    }
  }

  /** The row of the object with that name. */
  async showOne(objects: string, name: string): Promise<ShownRow | undefined> {
    const shown = await this.show(`SHOW ${objects} LIKE '${likeText(name)}'`)
    return shown?.find((row) => row['name'] === name)
  }
}

/** Does not exist or not authorized; insufficient privileges. */
const unseenCodes = new Set(['002003', '002043', '003001'])

/** LIKE takes `_` for any character, and what more it finds is left out after. */
function likeText(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll("'", "''")
}

/** A name in SQL for people: quoted only where it must be. */
export function accountSql(...names: readonly string[]): string {
  return names.map((name) => (foldedSnowflakeName(name) === name ? name : quoteSnowflake(name))).join('.')
}

/** The statements that grant privileges, and those that are missing in the account. */
export function grants(
  privileges: readonly string[],
  on: { readonly kind: string; readonly names: readonly string[] },
  role: string,
): string {
  return `GRANT ${privileges.join(', ')} ON ${on.kind} ${accountSql(...on.names)} TO ROLE ${accountSql(role)}`
}
