/** Name of a function or page, an expression or a whole query, and what the documentation says comes out. */
export type ConformanceCase = readonly [page: string, sql: string, expected: Expected]

/** The one value of an expression, or the rows of a query. NULL is null, all else is text. */
export type Expected = string | null | readonly (readonly (string | null)[])[]

export interface ConformanceFamily {
  readonly title: string
  readonly cases: readonly ConformanceCase[]
}

const reference =
  'https://docs.snowflake.com/en/developer-guide/snowpark/reference/python/latest/snowpark/api/snowflake.snowpark.functions.'

/** Names of Snowpark's functions have their page there; a path is one of the SQL reference. */
export function pageAddress(page: string): string {
  return page.includes('/') ? `https://docs.snowflake.com/en/${page}` : `${reference}${page}`
}

export function isQuery(sql: string): boolean {
  return /^(?:SELECT|WITH)\b/u.test(sql)
}
