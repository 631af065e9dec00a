import { EclusaError } from '@eclusa/sdk'
import type { WarehouseConnection } from '@eclusa/sdk'
import type { RunScope } from '../compile/run-scope.ts'
import { relationOf } from '../manifest/node.ts'
import type { SourceNode } from '../manifest/node.ts'

/** What the version of a relation's rows is, or why nobody can tell. */
export type DataVersion =
  | { readonly kind: 'known'; readonly version: string }
  /** Nothing tells whether the rows have changed. */
  | { readonly kind: 'unwatched'; readonly reason: string }
  /** It has no record that fits what is there: whoever reads it is to be built. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** The schema with the books of eclusa's own destinations. */
const ledgerSchema = '_eclusa'

/** Versions of the rows of source tables; each is asked for once in a run, before the first who reads it. */
export class SourceVersions {
  readonly #run: RunScope
  readonly #versions = new Map<string, Promise<DataVersion>>()
  readonly #ledgers = new Map<string, Promise<boolean>>()

  constructor(run: RunScope) {
    this.#run = run
  }

  versionOf(source: SourceNode, connection: WarehouseConnection): Promise<DataVersion> {
    let version = this.#versions.get(source.unique_id)
    if (version === undefined) {
      version = this.#find(source, connection)
      this.#versions.set(source.unique_id, version)
    }
    return version
  }

  async #find(source: SourceNode, connection: WarehouseConnection): Promise<DataVersion> {
    try {
      const version = (await this.#loadedVersion(source, connection)) ?? (await this.#askedVersion(source, connection))
      if (version !== undefined) return { kind: 'known', version }
      const name = `${source.source_name}.${source.name}`
      const reason = `nothing tells whether rows of source ${name} have changed: it has no loaded_at_field, and eclusa has not loaded it`
      return { kind: 'unwatched', reason }
    } catch (error) {
      this.#run.signal.throwIfAborted()
      if (!EclusaError.isInstance(error)) throw error
      return { kind: 'unknown', reason: error.message }
    }
  }

  /** Of a table that eclusa loads: its generation, and the last commit that has changed it. */
  async #loadedVersion(source: SourceNode, connection: WarehouseConnection): Promise<string | undefined> {
    const { dialect } = this.#run.scope
    if (dialect.type !== 'duckdb') return undefined
    const { database, schema, identifier } = relationOf(source)
    if (!(await this.#hasLedger(database, connection))) return undefined
    const table = (name: string) => dialect.formatRelation({ database, schema: ledgerSchema, identifier: name })
    const { rows } = await connection.query(
      `select streams.pipeline, streams.generation_id, last.sequence, commits.run_id, epoch_us(commits.committed_at)
       from ${table('streams')} as streams
       left join (select pipeline, namespace, stream, max(sequence) as sequence from ${table('commit_streams')} group by all) as last
         on last.pipeline = streams.pipeline and last.stream = streams.stream
         and last.namespace is not distinct from streams.namespace
       left join ${table('commits')} as commits
         on commits.pipeline = last.pipeline and commits.sequence = last.sequence
       where lower(streams.table_schema) = lower($1) and lower(streams.table_name) = lower($2)`,
      { parameters: [schema, identifier] },
    )
    if (rows.length !== 1) return undefined
    const counted = await connection.query(`select count(*) from ${dialect.formatRelation(relationOf(source))}`)
    return `commit ${rows[0]!.map(String).join('/')}, ${String(counted.rows[0]?.[0])} rows`
  }

  #hasLedger(database: string, connection: WarehouseConnection): Promise<boolean> {
    let ledger = this.#ledgers.get(database)
    if (ledger === undefined) {
      const name = { database, schema: ledgerSchema, identifier: 'commit_streams' }
      ledger = this.#run.scope.dialect.listColumns(connection, name).then((columns) => columns !== undefined)
      this.#ledgers.set(database, ledger)
    }
    return ledger
  }

  /** What `loaded_at_query` answers; else the highest `loaded_at_field` and the number of rows. */
  async #askedVersion(source: SourceNode, connection: WarehouseConnection): Promise<string | undefined> {
    const { loaded_at_field: field, loaded_at_query: query } = source
    if (query === null && field === null) return undefined
    const relation = this.#run.relationOf(source).render()
    const sql = query ?? `select max(${field}), count(*) from ${relation}`
    const { rows } = await connection.query(sql, { signal: this.#run.signal })
    return `loaded at ${(rows[0] ?? []).map(String).join(', ')} rows`
  }
}
