/** The source's configuration for a connection string, which is all that a case is given. */
export function sourceConfig(url: string, schemas: readonly string[]) {
  return { connection_string: url, ssl_mode: 'disable' as const, schemas: [...schemas] }
}

/** The same for a source that replicates. */
export function replicatedConfig(
  url: string,
  schema: string,
  { slot, publication }: { readonly slot: string; readonly publication: string },
) {
  return {
    ...sourceConfig(url, [schema]),
    replication_method: { method: 'CDC' as const, replication_slot: slot, publication },
  }
}
