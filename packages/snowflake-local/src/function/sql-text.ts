/** A text as a literal of DuckDB. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
