/** False for a text that may hold several statements: one with a semicolon before its end, wherever that stands. */
export function isOneStatement(sql: string): boolean {
  const semicolon = sql.indexOf(';')
  return semicolon === -1 || /^[\s;]*$/u.test(sql.slice(semicolon))
}
