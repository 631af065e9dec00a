import { foldedSnowflakeName } from '@eclusa/warehouse'

/**
 * The name of an object as Snowflake stores it, of what a person types as in SQL: `shop` and `SHOP` are SHOP, and what
 * stands between double quotes is as it is.
 */
export function objectNameOf(typed: string): string {
  if (/^".+"$/su.test(typed)) return typed.slice(1, -1).replaceAll('""', '"')
  return foldedSnowflakeName(typed) ?? typed
}
