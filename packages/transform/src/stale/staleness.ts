import { randomUUID } from 'node:crypto'
import { EclusaError } from '@eclusa/sdk'
import type { WarehouseConnection } from '@eclusa/sdk'
import { AdapterSession } from '../adapter/adapter-session.ts'
import type { RelationCache } from '../adapter/relation-cache.ts'
import { compileNode } from '../compile/compile-node.ts'
import { compileUnitTest } from '../compile/compile-unit-test.ts'
import type { RunScope } from '../compile/run-scope.ts'
import { relationOf } from '../manifest/node.ts'
import type { ManifestNode } from '../manifest/node.ts'
import { isMicrobatch } from '../run/microbatch.ts'
import { hooksOf } from '../run/node-hooks.ts'
import { isIdle, isUnitTest } from '../run/run-entry.ts'
import type { RunEntry, Runnable } from '../run/run-entry.ts'
import type { RunEvent } from '../run/run-event.ts'
import type { SessionPool } from '../run/session-pool.ts'
import { BuildRecords } from './build-records.ts'
import type { BuildRecord, RecordPlace } from './build-records.ts'
import { Fingerprints } from './fingerprint.ts'
import { InputVersions } from './input-versions.ts'
import { RelationIdentities } from './relation-identity.ts'
import type { DataVersion } from './source-versions.ts'
import { changingParts, otherRelations } from './sql-reading.ts'
import { staleAfterMs } from './stale-after.ts'

export interface StalenessOptions {
  readonly run: RunScope
  readonly sessions: SessionPool
  readonly cache: RelationCache
  /** `clone` and other commands that build without their own SQL leave nothing that counts as fresh. */
  readonly recordsFresh: boolean
  emit(event: RunEvent): void
}

/** A build that is about to begin, with what was so before it: what changes meanwhile counts as changed afterwards. */
export interface PendingBuild {
  readonly entry: Runnable
  readonly place: RecordPlace
  readonly version: string
  readonly fingerprint: string
  readonly inputs: Readonly<Record<string, string | null>>
  /** Since when nothing has changed, ISO 8601; undefined for what is to be built. */
  readonly unchangedSince: string | undefined
}

/**
 * `--only-stale`: tells which nodes need not be built, because neither their SQL and settings nor what they read has
 * changed since they were built. It goes by records in the warehouse, each written in the transaction that makes the
 * build visible. Where records are kept, runs without the option write them too.
 */
export class Staleness {
  readonly #options: StalenessOptions
  readonly #run: RunScope
  readonly #records: BuildRecords
  readonly #inputs: InputVersions
  readonly #identities: RelationIdentities
  /** Records written in this run, by unique id. */
  readonly #written = new Map<string, BuildRecord>()
  readonly #told = new Set<string>()
  #fingerprints: Fingerprints | undefined

  constructor(options: StalenessOptions) {
    this.#options = options
    this.#run = options.run
    this.#records = new BuildRecords(options.run.scope.dialect)
    this.#identities = new RelationIdentities(options.run.scope.dialect)
    const { run, cache } = options
    this.#inputs = new InputVersions({ run, cache, records: this.#records, identities: this.#identities })
  }

  /**
   * With `--only-stale`, makes the tables of records where they are missing. Schemas must be there.
   *
   * @throws COMMAND_INVALID at a warehouse that is not known well enough.
   */
  async open(entries: Iterable<RunEntry>): Promise<void> {
    if (this.#run.execution.onlyStale !== true) return
    const { dialect } = this.#run.scope
    if (dialect.type === 'snowflake') {
      throw new EclusaError('COMMAND_INVALID', { message: '--only-stale is there for DuckDB and PostgreSQL.' })
    }
    const places = new Map<string, RecordPlace>()
    for (const entry of entries) {
      if (isIdle(entry)) continue
      // A fault in it is told before anything is built.
      staleAfterMs(entry)
      const place = this.#placeOf(entry)
      places.set(`${place.database}.${place.schema}`, place)
    }
    await this.#options.sessions.use(async (connection) => {
      for (const place of places.values()) {
        await connection.query(dialect.createSchema(place.schema, place.database))
        if (!(await this.#records.areKept(place, connection))) await this.#records.create(place, connection)
      }
    })
  }

  /** What is to be noted of the build of an entry; undefined where no records are kept. */
  async prepare(entry: Runnable): Promise<PendingBuild | undefined> {
    if (this.#run.scope.dialect.type === 'snowflake') return undefined
    const place = this.#placeOf(entry)
    return await this.#options.sessions.use(async (connection) => {
      if (!(await this.#areKept(place, connection))) return undefined
      const record = await this.#records.get(place, entry.unique_id, connection)
      const compiledCode = await this.#compile(entry, connection)
      const fingerprint = await this.#fingerprintOf(entry, compiledCode)
      const versions = await this.#inputs.of(entry, connection)
      const reason = await this.#reasonToBuild(entry, { record, fingerprint, compiledCode, versions, connection })
      const isFresh = reason === undefined && record !== undefined
      if (!isFresh && this.#run.execution.onlyStale === true) this.#tell(entry, reason ?? '')
      const inputs = [...versions].map(([id, version]) => [id, version.kind === 'known' ? version.version : null])
      return {
        entry,
        place,
        version: randomUUID(),
        fingerprint: this.#countsAsFresh(entry) ? fingerprint : '',
        inputs: Object.fromEntries(inputs) as PendingBuild['inputs'],
        unchangedSince: isFresh ? record.builtAt : undefined,
      }
    })
  }

  /** Whoever may not read them does without, unless it is what was asked for. */
  async #areKept(place: RecordPlace, connection: WarehouseConnection): Promise<boolean> {
    if (this.#run.execution.onlyStale === true) return await this.#records.areKept(place, connection)
    return await this.#records.areKept(place, connection).catch(() => false)
  }

  /**
   * What the session of the build calls before it commits: writes the record in the same transaction. Undefined where
   * that would be too early, or where there is none: then the old record goes before anything is changed.
   */
  async recordingOf(
    pending: PendingBuild,
    { isPublishing }: { readonly isPublishing: boolean },
  ): Promise<((connection: WarehouseConnection) => Promise<void>) | undefined> {
    const { entry, place } = pending
    if (isUnitTest(entry) || entry.resource_type === 'test') return undefined
    if (isPublishing || this.#isOneTransaction(entry)) {
      // What an incremental model says differs when its table is there: that is noted at the end.
      const early = readsItself(entry) ? { ...pending, fingerprint: '' } : pending
      return async (connection) => void (await this.#write(early, connection))
    }
    await this.#options.sessions.use(async (connection) => {
      await this.#records.forget(place, entry.unique_id, connection)
    })
    return undefined
  }

  /** The node is built under another name: its tests compare with this build. */
  builtAside({ entry, version, inputs }: PendingBuild): void {
    if (!isUnitTest(entry)) this.#inputs.builtAside(entry, { version, inputs })
  }

  /** @param isGood whether the node was built, or the test has passed */
  async end(pending: PendingBuild, isGood: boolean): Promise<void> {
    const { entry, place } = pending
    const { unique_id: id } = entry
    this.#inputs.forget(id)
    await this.#options.sessions.use(async (connection) => {
      if (isGood) await this.#finish(pending, connection)
      // Of what was rolled back the old record is still right.
      else if (this.#written.has(id) || isUnitTest(entry) || entry.resource_type === 'test') {
        await this.#records.forget(place, id, connection)
      }
    })
  }

  async #finish(pending: PendingBuild, connection: WarehouseConnection): Promise<void> {
    const { entry, place } = pending
    const readsOwn = readsItself(entry) && pending.fingerprint !== ''
    const fingerprint = readsOwn
      ? await this.#fingerprintOf(entry, await this.#compile(entry, connection))
      : pending.fingerprint
    const final = { ...pending, fingerprint }
    const written = readsOwn ? undefined : this.#written.get(entry.unique_id)
    const record = written ?? (await this.#write(final, connection))
    await this.#records.remember(place, record, connection)
  }

  async #write(pending: PendingBuild, connection: WarehouseConnection): Promise<BuildRecord> {
    const { entry, place, version, fingerprint, inputs } = pending
    const identity = await this.#identityOf(entry, connection, { isBuilt: true })
    const builtAt = new Date().toISOString()
    const record = { node: entry.unique_id, version, fingerprint, inputs, identity, builtAt }
    this.#written.set(record.node, record)
    await this.#records.write(place, record, connection)
    return record
  }

  async #identityOf(
    entry: Runnable,
    connection: WarehouseConnection,
    { isBuilt }: { readonly isBuilt: boolean },
  ): Promise<string> {
    if (isUnitTest(entry) || entry.resource_type === 'test') return ''
    const relation = relationOf(entry)
    // A hook may have dropped it, or put something else in its place.
    const materialized = hooksOf(entry, 'post-hook').length > 0 ? 'unknown' : entry.config.materialized
    const identity = isBuilt
      ? await this.#identities.ofBuilt(relation, { materialized, connection })
      : await this.#identities.of(relation, connection)
    return identity?.text ?? missing
  }

  /** The reason, in words that go behind the name of the node; undefined when nothing has changed. */
  async #reasonToBuild(
    entry: Runnable,
    {
      record,
      fingerprint,
      compiledCode,
      versions,
      connection,
    }: {
      readonly record: BuildRecord | undefined
      readonly fingerprint: string
      readonly compiledCode: string | undefined
      readonly versions: ReadonlyMap<string, DataVersion>
      readonly connection: WarehouseConnection
    },
  ): Promise<string | undefined> {
    const { onlyStale } = this.#run.execution
    if (onlyStale !== true) return 'is asked for'
    if (!this.#countsAsFresh(entry)) return 'is of a kind of build that is not left out'
    if (this.#isRebuilt(entry)) return 'is to be built anew'
    if (record === undefined) return 'has no record of an earlier build'
    const identity = await this.#identityOf(entry, connection, { isBuilt: false })
    if (identity === missing || record.identity !== identity) {
      return 'is not there as it was built: somebody else has dropped or changed it'
    }
    if (record.fingerprint === '' || record.fingerprint !== fingerprint) return 'has other SQL or other settings'
    const changed = changedInput(record, versions)
    if (changed !== undefined) return changed
    return this.#unwatchedReason(entry, { record, compiledCode, versions })
  }

  /** What nobody watches counts as changed, unless `stale_after` says for how long it does not. */
  #unwatchedReason(
    entry: Runnable,
    {
      record,
      compiledCode = '',
      versions,
    }: {
      readonly record: BuildRecord
      readonly compiledCode: string | undefined
      readonly versions: ReadonlyMap<string, DataVersion>
    },
  ): string | undefined {
    const ageMs = Date.now() - Date.parse(record.builtAt)
    const limitMs = staleAfterMs(entry)
    if (limitMs !== undefined) return ageMs < limitMs ? undefined : 'is older than stale_after allows'
    for (const version of versions.values())
      if (version.kind === 'unwatched') return `is always built: ${version.reason}`
    if (isUnitTest(entry)) return undefined
    const changing = changingParts(compiledCode)
    if (changing.length > 0) return `is always built: its SQL uses ${changing.join(', ')}; stale_after can set a time`
    const others = otherRelations(compiledCode, this.#inputs.readableNames(entry))
    if (others.length === 0) return undefined
    return `is always built: its SQL reads ${others.join(', ')} without ref() or source(); stale_after can set a time`
  }

  /** Undefined where it cannot be compiled: the run will say why. */
  async #compile(entry: Runnable, connection: WarehouseConnection): Promise<string | undefined> {
    if (!isUnitTest(entry) && entry.resource_type === 'seed') return undefined
    const session = new AdapterSession({ connection, cache: this.#options.cache, signal: this.#run.signal })
    try {
      if (isUnitTest(entry)) return (await compileUnitTest(this.#run, entry, { session })).compiledCode
      // A full refresh has other SQL, which says nothing of what the next run would do.
      const overrides = this.#run.execution.fullRefresh ? { macros: { should_full_refresh: false } } : {}
      return await compileNode(this.#run, entry, { session, overrides })
    } catch (error) {
      this.#run.signal.throwIfAborted()
      if (!EclusaError.isInstance(error)) throw error
      return undefined
    } finally {
      await session.rollback()
    }
  }

  /** Empty for what could not be compiled. */
  async #fingerprintOf(entry: Runnable, compiledCode: string | undefined): Promise<string> {
    this.#fingerprints ??= new Fingerprints(this.#run.project)
    if (!isUnitTest(entry) && entry.resource_type === 'seed') return await this.#fingerprints.ofNode(entry, undefined)
    if (compiledCode === undefined) return ''
    return isUnitTest(entry)
      ? this.#fingerprints.ofUnitTest(entry, compiledCode)
      : await this.#fingerprints.ofNode(entry, this.#asPublished(compiledCode))
  }

  /** A test that looks at what is not published yet is the same test afterwards. */
  #asPublished(sql: string): string {
    const { unpublished, project } = this.#run
    let text = sql
    for (const [id, relation] of unpublished) {
      const node = project.nodes.get(id)
      if (node !== undefined) text = text.replaceAll(relation.render(), this.#run.relationOf(node).render())
    }
    return text
  }

  /** Whether the build is of all rows and by the node's own SQL. */
  #countsAsFresh(entry: Runnable): boolean {
    const { empty, eventTimeStart, eventTimeEnd } = this.#run.execution
    if (!this.#options.recordsFresh || empty) return false
    // Files are nobody's to watch.
    if (!isUnitTest(entry) && ['external', 'table_function'].includes(entry.config.materialized)) return false
    const isBounded = eventTimeStart !== undefined || eventTimeEnd !== undefined
    return !isBounded || isUnitTest(entry) || !isMicrobatch(entry)
  }

  #isRebuilt(entry: Runnable): boolean {
    if (isUnitTest(entry)) return false
    const { full_refresh: own, materialized } = entry.config
    const isAffected = ['incremental', 'seed', 'materialized_view'].includes(materialized)
    return isAffected && (own ?? this.#run.execution.fullRefresh) === true
  }

  /** Whether all that is built becomes visible by one commit, with nothing that can fail behind it. */
  #isOneTransaction(node: ManifestNode): boolean {
    if (isMicrobatch(node) || !this.#options.recordsFresh) return false
    const materialization = this.#run.scope.macros.materialization(node.config.materialized)
    const isOurs = materialization !== undefined && /^macro\.dbt(?:_[a-z]+)?\./u.test(materialization.uniqueId)
    const hooks = [...hooksOf(node, 'pre-hook'), ...hooksOf(node, 'post-hook')]
    return isOurs && hooks.every(({ sql, transaction }) => transaction && !/\bcommit\b/iu.test(sql))
  }

  /** Tests have no relation: their records stand in the target's schema. */
  #placeOf(entry: Runnable): RecordPlace {
    const { target } = this.#run.scope
    if (isUnitTest(entry) || entry.resource_type === 'test') return { database: target.database, schema: target.schema }
    return { database: entry.database, schema: entry.schema }
  }

  /** What is built every time is told of once, as somebody may want to change that; other reasons are for who asks. */
  #tell({ name }: Runnable, reason: string): void {
    const [, cause] = /^is always built: (nothing tells .*)$/u.exec(reason) ?? []
    const message = cause === undefined ? `${name} ${reason}.` : `What reads it is always built, as ${cause}.`
    if (cause !== undefined && this.#told.has(cause)) return
    if (cause !== undefined) this.#told.add(cause)
    const level = reason.startsWith('is always built') ? 'info' : 'debug'
    this.#options.emit({ type: 'log', level, message })
  }
}

/** The identity of what is not there. */
const missing = 'missing'

/** The first input that is not what it was when the record was written. */
function changedInput(record: BuildRecord, versions: ReadonlyMap<string, DataVersion>): string | undefined {
  for (const [id, version] of versions) {
    if (version.kind === 'unknown') return `is built because ${version.reason}`
    const former = record.inputs[id]
    if (former === undefined) return `reads ${id}, which it did not read before`
    if (version.kind === 'known' && former !== version.version) return `reads ${id}, which has changed`
  }
  return undefined
}

/** Incremental models, and whatever asks for its own relation. */
function readsItself(entry: Runnable): boolean {
  if (isUnitTest(entry) || entry.resource_type === 'test' || entry.resource_type === 'seed') return false
  return entry.config.materialized === 'incremental' || /\bthis\b/u.test(entry.raw_code)
}
