/** The source's configuration for a connection string, which is all that a case is given. */
export function sourceConfig(url: string, schemas: readonly string[]) {
  return { connection_string: url, ssl_mode: 'disable' as const, schemas: [...schemas] }
}
