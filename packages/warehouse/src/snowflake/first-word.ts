const spaces = /\s+/uy
const lineComment = /(?:--|\/\/)[^\n]*/uy
const word = /[a-z]+/iuy

/** The word that a statement begins with behind spaces and comments, in upper case; empty where there is none. */
export function firstWordOf(sql: string): string {
  let at = 0
  const end = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.test(sql) ? pattern.lastIndex : at
  }
  for (let before = -1; at !== before;) {
    before = at
    at = end(spaces)
    at = end(lineComment)
    // Comments of Snowflake do not nest.
    if (sql.startsWith('/*', at)) at = endOf(sql, sql.indexOf('*/', at + 2))
  }
  return sql.slice(at, end(word)).toUpperCase()
}

function endOf(sql: string, close: number): number {
  return close < 0 ? sql.length : close + 2
}
