/** A string as DuckDB reads it: only the quote is special. */
export function quoteText(value: string): string {
  // DuckDB's parser ends a text at a zero byte.
  if (value.includes('\0')) return `(${value.split('\0').map(quoteText).join(' || chr(0) || ')})`
  return `'${value.replaceAll("'", "''")}'`
}

/** An identifier of DuckDB. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** An error that a row raises, marked so that `executionFault` reads code, state and message back out of DuckDB's. */
export function raise(code: string, sqlState: string, messageSql: string): string {
  return `error('SF${code}:${sqlState}:' || ${messageSql})`
}
