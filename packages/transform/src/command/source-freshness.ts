import { EclusaError } from '@eclusa/sdk'
import { AdapterSession } from '../adapter/adapter-session.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import { pythonTime } from '../artifact/artifact-metadata.ts'
import type { FreshnessResult } from '../artifact/sources.ts'
import { templateFailed } from '../compile/compile-node.ts'
import type { RunScope } from '../compile/run-scope.ts'
import { boundMacro } from '../context/macro-library.ts'
import { callDirectly } from '../jinja/call.ts'
import { attributeOf, itemOf } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import type { ManifestNode, SourceNode } from '../manifest/node.ts'
import { AgateTable } from '../python/agate-table.ts'
import type { QueryComment } from '../run/query-comment.ts'
import type { SessionPool } from '../run/session-pool.ts'
import { ageOf, beginningOfTime, freshnessStatus, momentOf } from './source-age.ts'

export interface MeasureOptions {
  readonly run: RunScope
  readonly sessions: SessionPool
  readonly comment: QueryComment
  /** From 1. */
  readonly thread: number
}

/**
 * Asks the warehouse when a source was loaded last, by the macro `collect_freshness`, which projects override.
 *
 * @throws FRESHNESS_UNKNOWN when the source says nowhere when it was loaded; what the warehouse complains of.
 */
export async function measureFreshness(source: SourceNode, options: MeasureOptions): Promise<FreshnessResult> {
  const { run, sessions, comment, thread } = options
  const startedAt = new Date()
  const startedAtMs = performance.now()
  const { values, response } = await sessions.use(async (connection) => {
    const cache = new RelationCache()
    // The context wants a node; of a source it reads the names that both have.
    const node = source as unknown as ManifestNode
    const session = new AdapterSession({ connection, cache, signal: run.signal, comment: comment(node) })
    try {
      return await askAge(source, { run, node, session })
    } catch (error) {
      throw templateFailed(node, error)
    } finally {
      await session.rollback()
    }
  })
  const [loaded, now] = values
  const loadedAt = loaded === null || loaded === undefined ? beginningOfTime : momentOf(textOf(loaded))
  const snapshottedAt = momentOf(textOf(now ?? null))
  const ageSeconds = ageOf(loadedAt, snapshottedAt)
  const begin = pythonTime(startedAt)
  return {
    unique_id: source.unique_id,
    max_loaded_at: loadedAt.text,
    snapshotted_at: snapshottedAt.text,
    max_loaded_at_time_ago_in_s: ageSeconds,
    status: freshnessStatus(ageSeconds, source.freshness!),
    criteria: source.freshness!,
    adapter_response: response,
    // Nothing is compiled for a source; dbt writes the phase all the same.
    timing: [
      { name: 'compile', started_at: begin, completed_at: begin },
      { name: 'execute', started_at: begin, completed_at: pythonTime(new Date()) },
    ],
    thread_id: `Thread-${thread} (worker)`,
    execution_time: (performance.now() - startedAtMs) / 1000,
  }
}

interface Age {
  /** When it was loaded last, and the moment of asking. */
  readonly values: readonly unknown[]
  readonly response: Readonly<Record<string, unknown>>
}

async function askAge(
  source: SourceNode,
  { run, node, session }: { readonly run: RunScope; readonly node: ManifestNode; readonly session: AdapterSession },
): Promise<Age> {
  const { loaded_at_field: field, loaded_at_query: query } = source
  if (field === null && query === null && run.scope.target.type === 'snowflake') {
    return await askMetadata(source, { run, node, session })
  }
  const name = query === null ? 'collect_freshness' : 'collect_freshness_custom_sql'
  const macro = run.scope.macros.find(name, source.package_name)
  if (macro === undefined || (field === null && query === null)) {
    throw new EclusaError('FRESHNESS_UNKNOWN', {
      message: `Could not compute freshness for source ${source.name}: no 'loaded_at_field' provided.`,
      remedy: `Add loaded_at_field to the source in ${source.original_file_path}: the column that says when a row was loaded.`,
    })
  }
  const context = run.contextOf(node, { ...source }, { session })
  const relation = run.relationOf(source)
  const args = query === null ? [relation, field, source.freshness?.filter ?? null] : [relation, query]
  const result = await callDirectly(boundMacro(context, macro), args, {})
  const table = memberOf(result, 'table')
  if (!(table instanceof AgateTable)) {
    throw new EclusaError('FRESHNESS_UNKNOWN', { message: `The macro ${name} returned no result of a statement.` })
  }
  return { values: table.values[0] ?? [], response: responseIn(result) }
}

/** Snowflake knows when a table was changed last. */
async function askMetadata(
  source: SourceNode,
  { run, node, session }: { readonly run: RunScope; readonly node: ManifestNode; readonly session: AdapterSession },
): Promise<Age> {
  const macro = run.scope.macros.find('get_relation_last_modified', source.package_name)!
  const context = run.contextOf(node, { ...source }, { session })
  const relation = run.relationOf(source)
  const result = await callDirectly(boundMacro(context, macro), [relation.informationSchema(), [relation]], {})
  const found = memberOf(result, 'table')
  // Schema, name, and what the query for a field gives.
  const row = found instanceof AgateTable ? found.values[0]?.slice(2) : undefined
  if (row === undefined) {
    throw new EclusaError('FRESHNESS_UNKNOWN', {
      message: `Could not compute freshness for source ${source.name}: ${relation.render()} is not there, or may not be seen.`,
      remedy: `Correct database, schema and identifier of the source in ${source.original_file_path}, or grant the role a privilege on the table.`,
    })
  }
  return { values: row, response: responseIn(result) }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const host = value as Record<symbol, unknown> & Record<string, unknown>
  if (name in host) return host[name]
  const get = host[attributeOf] ?? host[itemOf]
  return typeof get === 'function' ? (get.call(value, name) as unknown) : undefined
}

function responseIn(result: unknown): Readonly<Record<string, unknown>> {
  const response = memberOf(result, 'response')
  return hasRecord(response) ? response.toRecord() : {}
}

function hasRecord(value: unknown): value is { toRecord(): Readonly<Record<string, unknown>> } {
  return typeof value === 'object' && value !== null && 'toRecord' in value
}
