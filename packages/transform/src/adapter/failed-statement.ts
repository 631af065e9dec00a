/*
 * What was sent when the warehouse complained. Errors themselves do not carry it, since they are logged and a statement
 * may hold values; who tells of a node wants the line of its SQL that the complaint is about.
 */
const statements = new WeakMap<object, string>()

export function rememberStatement(error: unknown, sql: string): void {
  if (typeof error === 'object' && error !== null) statements.set(error, sql)
}

export function failedStatement(error: object): string | undefined {
  return statements.get(error)
}
