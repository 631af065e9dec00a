/** True for a text of nothing but comments, blanks and semicolons, which the driver answers with no proper error. */
export function isEmptyStatement(sql: string): boolean {
  return sql.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|[\s;]/g, '') === ''
}
