import { EclusaError, hasErrorCode, streamKey } from '@eclusa/sdk'
import type {
  Checkpoint,
  JsonObject,
  QueryResult,
  SqlValue,
  StoredProgress,
  StreamName,
  WarehouseConnection,
} from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import type {
  CommitRecord,
  InspectedLedger,
  LogPosition,
  StoredCheckpoints,
  StreamRecord,
  TableRules,
} from '@eclusa/warehouse/load'

/*
 * What eclusa keeps in the database beside the data, in the same transactions: schema `_ECLUSA`.
 *
 *   PIPELINES        who may write, and the sequence of the last commit: the row that every commit changes first (lease.ts)
 *   CHECKPOINTS      how far each stream of each pipeline was read by its last commit
 *   COMMITS          one row for each commit: its identity is (pipeline, sequence)
 *   COMMIT_STREAMS   how many rows of which stream it holds, and up to where in the log its changes are applied
 *   STREAMS          the table and generation of each stream, the refresh that is being loaded, and the one that is complete
 *                    but not yet in the target's place
 *   COLUMN_VERSIONS  which columns of a table are new versions of a column whose type had changed
 *
 * Each statement is a round trip, so what belongs together is written by one.
 */

const formatVersion = 1
export const ledgerSchemaName = '_ECLUSA'
/** The stage that files of rows pass through. */
export const stageName = '_ECLUSA_STAGE'

const commitsKept = 1000
const commitsBetweenPrunings = 100

const tables = [
  'FORMAT (version NUMBER(10,0))',
  'PIPELINES (pipeline VARCHAR, epoch NUMBER(19,0), run_id VARCHAR, holder VARCHAR, held_since TIMESTAMP_TZ(6), lease_until TIMESTAMP_TZ(6), sequence NUMBER(19,0))',
  'CHECKPOINTS (pipeline VARCHAR, stream_key VARCHAR, namespace VARCHAR, stream VARCHAR, state VARCHAR, run_id VARCHAR, sequence NUMBER(19,0), committed_at TIMESTAMP_TZ(6))',
  'COMMITS (pipeline VARCHAR, sequence NUMBER(19,0), run_id VARCHAR, row_count NUMBER(19,0), byte_count NUMBER(19,0), unrepresentable_count NUMBER(19,0), committed_at TIMESTAMP_TZ(6))',
  'COMMIT_STREAMS (pipeline VARCHAR, sequence NUMBER(19,0), stream_key VARCHAR, namespace VARCHAR, stream VARCHAR, row_count NUMBER(19,0), position NUMBER(19,0), change_order NUMBER(10,0))',
  'STREAMS (pipeline VARCHAR, stream_key VARCHAR, namespace VARCHAR, stream VARCHAR, table_schema VARCHAR, table_name VARCHAR, generation_id NUMBER(19,0), loading_generation_id NUMBER(19,0), swap_generation_id NUMBER(19,0), completed_sequence NUMBER(19,0), may_repeat_keys BOOLEAN, merge_key VARCHAR)',
  'COLUMN_VERSIONS (table_schema VARCHAR, table_name VARCHAR, column_name VARCHAR, version_of VARCHAR, added_at TIMESTAMP_TZ(6))',
]

/** What the ledger knows of one stream. */
export interface LoadedStream extends StreamRecord {
  /** The refresh that is complete and is to take the target's place; undefined when it has, or there is none. */
  readonly swapGenerationId: number | undefined
}

/** Runs a statement in whatever session and transaction is meant. */
export type Query = (sql: string, parameters?: readonly SqlValue[]) => Promise<QueryResult>

/** Reads and writes the tables of `_ECLUSA` of one database. */
export class Ledger implements InspectedLedger {
  readonly #query: Query
  readonly #database: string
  readonly #pipeline: string
  readonly #rules: TableRules

  constructor(query: Query, { database, pipeline, rules }: { database: string; pipeline: string; rules: TableRules }) {
    this.#query = query
    this.#database = database
    this.#pipeline = pipeline
    this.#rules = rules
  }

  static of(connection: WarehouseConnection, place: { database: string; pipeline: string; rules: TableRules }): Ledger {
    return new Ledger((sql, parameters = []) => connection.query(sql, { parameters }), place)
  }

  /** The same tables, by other means. */
  by(query: Query): Ledger {
    return new Ledger(query, { database: this.#database, pipeline: this.#pipeline, rules: this.#rules })
  }

  /** `"SHOP"."_ECLUSA".COMMITS` */
  nameOf(table: string): string {
    return `${snowflakeDialect.quoteIdentifier(this.#database)}."${ledgerSchemaName}".${table}`
  }

  /** With its `@`, as PUT, COPY and REMOVE take it. */
  get stage(): string {
    return `@${this.nameOf(`"${stageName}"`)}`
  }

  /**
   * True when the database has a ledger that this version can read.
   *
   * @throws DESTINATION_LEDGER_NEWER
   */
  async exists(): Promise<boolean> {
    const version = await this.#version()
    if (version <= formatVersion) return version > 0
    throw new EclusaError('DESTINATION_LEDGER_NEWER', {
      message: `The tables of schema ${ledgerSchemaName} have format ${version}; this version of eclusa knows ${formatVersion}.`,
    })
  }

  async #version(): Promise<number> {
    try {
      const { rows } = await this.#query(`SELECT MAX(version) FROM ${this.nameOf('FORMAT')}`)
      return Number(rows[0]?.[0] ?? 0)
    } catch (error) {
      if (isMissing(error)) return 0
      throw error
    }
  }

  /** Each statement does nothing where it was run before, so that what a crash left half can be completed. */
  async create(): Promise<void> {
    await this.#query(snowflakeDialect.createSchema(ledgerSchemaName, this.#database))
    for (const table of tables) await this.#query(`CREATE TABLE IF NOT EXISTS ${this.nameOf(table)}`)
    await this.#query(`CREATE STAGE IF NOT EXISTS ${this.nameOf(`"${stageName}"`)}`)
    await this.#query(
      `MERGE INTO ${this.nameOf('FORMAT')} AS t USING (SELECT ${formatVersion} AS version) AS s ON t.version = s.version WHEN NOT MATCHED THEN INSERT (version) VALUES (s.version)`,
    )
  }

  /** The last change of each stream that is applied, by `streamKey`: what its last commit says. */
  async applied(): Promise<Map<string, LogPosition>> {
    const { rows } = await this.#query(
      `SELECT stream_key, position, change_order FROM ${this.nameOf('COMMIT_STREAMS')} WHERE pipeline = ?
       QUALIFY ROW_NUMBER() OVER (PARTITION BY stream_key ORDER BY sequence DESC) = 1`,
      [this.#pipeline],
    )
    const positioned = rows.filter(([, position]) => position !== null)
    return new Map(
      positioned.map(([key, position, order]) => [
        String(key),
        { position: BigInt(String(position)), order: Number(order) },
      ]),
    )
  }

  /** The last commit of the pipeline; undefined before the first one. */
  async lastCommit(): Promise<NonNullable<StoredProgress['lastCommit']> | undefined> {
    const { rows } = await this.#query(
      `SELECT sequence, row_count, byte_count, run_id, DATE_PART(EPOCH_MILLISECOND, committed_at) FROM ${this.nameOf('COMMITS')}
       WHERE pipeline = ? ORDER BY sequence DESC LIMIT 1`,
      [this.#pipeline],
    )
    if (rows[0] === undefined) return undefined
    const [sequence, rowCount, bytes, runId, atMs] = rows[0]
    return {
      sequence: Number(sequence),
      rows: Number(rowCount),
      bytes: Number(bytes),
      runId: String(runId),
      atMs: Number(atMs),
    }
  }

  /** When rows of each stream were last committed, in milliseconds since 1970, by the stream's key. */
  async lastRowsAtMs(): Promise<Map<string, number>> {
    const { rows } = await this.#query(
      `SELECT s.stream_key, MAX(DATE_PART(EPOCH_MILLISECOND, c.committed_at)) FROM ${this.nameOf('COMMIT_STREAMS')} AS s
       JOIN ${this.nameOf('COMMITS')} AS c ON c.pipeline = s.pipeline AND c.sequence = s.sequence
       WHERE s.pipeline = ? AND s.row_count > 0 GROUP BY s.stream_key`,
      [this.#pipeline],
    )
    return new Map(rows.map(([key, atMs]) => [String(key), Number(atMs)]))
  }

  async checkpoints(): Promise<StoredCheckpoints> {
    const { rows } = await this.#query(
      `SELECT namespace, stream, state FROM ${this.nameOf('CHECKPOINTS')} WHERE pipeline = ? ORDER BY namespace, stream`,
      [this.#pipeline],
    )
    const stored = rows.map(([namespace, name, state]) => ({
      stream: streamOf(namespace, name),
      state: stateOf(state),
    }))
    return {
      checkpoints: stored.flatMap(({ stream, state }) => (state === undefined ? [] : [{ stream, state }])),
      damaged: stored.flatMap(({ stream, state }) => (state === undefined ? [stream] : [])),
    }
  }

  async saveCheckpoints(
    checkpoints: readonly Checkpoint[],
    commit: { runId: string; sequence: number },
  ): Promise<void> {
    await this.forgetCheckpoints(checkpoints.map(({ stream }) => stream))
    if (checkpoints.length === 0) return
    const rows = checkpoints.map(({ stream, state }) => [
      this.#pipeline,
      ...this.#columnsOf(stream),
      JSON.stringify(state),
      commit.runId,
      commit.sequence,
    ])
    await this.#insert(
      'CHECKPOINTS (pipeline, stream_key, namespace, stream, state, run_id, sequence, committed_at)',
      rows,
      'CURRENT_TIMESTAMP()',
    )
  }

  async forgetCheckpoints(streams: readonly StreamName[]): Promise<void> {
    await this.#deleteOf('CHECKPOINTS', streams)
  }

  async saveCommit({ sequence, runId, rows, bytes, unrepresentable, streams }: CommitRecord): Promise<void> {
    await this.#insert(
      'COMMITS (pipeline, sequence, run_id, row_count, byte_count, unrepresentable_count, committed_at)',
      [[this.#pipeline, sequence, runId, rows, bytes, unrepresentable]],
      'CURRENT_TIMESTAMP()',
    )
    if (streams.length === 0) return
    await this.#insert(
      'COMMIT_STREAMS (pipeline, sequence, stream_key, namespace, stream, row_count, position, change_order)',
      streams.map(({ stream, rows: rowCount, applied }) => [
        this.#pipeline,
        sequence,
        ...this.#columnsOf(stream),
        rowCount,
        applied?.position ?? null,
        applied?.order ?? null,
      ]),
    )
  }

  /** Forgets old commits, now and then: the last ones are for people; of each stream stay its last, and its last with rows. */
  async pruneCommits(sequence: number): Promise<void> {
    if (sequence % commitsBetweenPrunings !== 0) return
    const [commits, streams] = [this.nameOf('COMMITS'), this.nameOf('COMMIT_STREAMS')]
    const before = sequence - commitsKept
    await this.#query(
      `DELETE FROM ${streams} AS c USING (
         SELECT stream_key, MAX(sequence) AS last_sequence, MAX(IFF(row_count > 0, sequence, NULL)) AS last_with_rows
         FROM ${streams} WHERE pipeline = ? GROUP BY stream_key) AS k
       WHERE c.pipeline = ? AND c.stream_key = k.stream_key AND c.sequence <= ?
         AND c.sequence <> k.last_sequence AND c.sequence <> COALESCE(k.last_with_rows, k.last_sequence)`,
      [this.#pipeline, this.#pipeline, before],
    )
    await this.#query(
      `DELETE FROM ${commits} WHERE pipeline = ? AND sequence <= ?
         AND sequence NOT IN (SELECT sequence FROM ${streams} WHERE pipeline = ?)`,
      [this.#pipeline, before, this.#pipeline],
    )
  }

  async streams(): Promise<LoadedStream[]> {
    const { rows } = await this.#query(
      `SELECT namespace, stream, table_schema, table_name, generation_id, loading_generation_id, swap_generation_id, completed_sequence, may_repeat_keys, merge_key
       FROM ${this.nameOf('STREAMS')} WHERE pipeline = ?`,
      [this.#pipeline],
    )
    return rows.map(([namespace, stream, schema, identifier, generation, loading, swap, completed, repeats, key]) => ({
      stream: streamOf(namespace, stream),
      table: { database: this.#database, schema: String(schema), identifier: String(identifier) },
      generationId: Number(generation),
      loadingGenerationId: numberOr(loading),
      swapGenerationId: numberOr(swap),
      completedSequence: Number(completed),
      mayRepeatKeys: repeats === true,
      mergeKey: key === null || key === undefined ? undefined : (JSON.parse(String(key)) as string[]),
    }))
  }

  async saveStreams(records: readonly LoadedStream[]): Promise<void> {
    if (records.length === 0) return
    await this.#deleteOf(
      'STREAMS',
      records.map(({ stream }) => stream),
    )
    await this.#insert(
      'STREAMS (pipeline, stream_key, namespace, stream, table_schema, table_name, generation_id, loading_generation_id, swap_generation_id, completed_sequence, may_repeat_keys, merge_key)',
      records.map((record) => [
        this.#pipeline,
        ...this.#columnsOf(record.stream),
        record.table.schema,
        record.table.identifier,
        record.generationId,
        record.loadingGenerationId ?? null,
        record.swapGenerationId ?? null,
        record.completedSequence,
        record.mayRepeatKeys,
        record.mergeKey === undefined ? null : JSON.stringify(record.mergeKey),
      ]),
    )
  }

  async noteSwapped(stream: StreamName): Promise<void> {
    await this.#query(
      `UPDATE ${this.nameOf('STREAMS')} SET swap_generation_id = NULL WHERE pipeline = ? AND stream_key = ?`,
      [this.#pipeline, streamKey(stream)],
    )
  }

  /** A refresh that was interrupted will not go on. */
  async forgetLoading(stream: StreamName): Promise<void> {
    await this.#query(
      `UPDATE ${this.nameOf('STREAMS')} SET loading_generation_id = NULL WHERE pipeline = ? AND stream_key = ?`,
      [this.#pipeline, streamKey(stream)],
    )
  }

  /** The pipeline and stream that a table belongs to; undefined when eclusa did not make it. */
  async ownerOf(table: RelationName): Promise<{ pipeline: string; stream: StreamName } | undefined> {
    const { rows } = await this.#query(
      `SELECT pipeline, namespace, stream FROM ${this.nameOf('STREAMS')} WHERE table_schema = ? AND table_name = ?`,
      [table.schema, table.identifier],
    )
    const [row] = rows
    return row && { pipeline: String(row[0]), stream: streamOf(row[1], row[2]) }
  }

  /** Of a table's columns, those that are versions: their folded names, in the order of their making. */
  async columnVersions(table: RelationName): Promise<Map<string, string>> {
    const { rows } = await this.#query(
      `SELECT column_name, version_of FROM ${this.nameOf('COLUMN_VERSIONS')} WHERE table_schema = ? AND table_name = ?
       ORDER BY added_at, LENGTH(column_name), column_name`,
      [table.schema, table.identifier],
    )
    return new Map(rows.map(([column, source]) => [this.#rules.fold(String(column)), String(source)]))
  }

  async saveColumnVersion(table: RelationName, column: string, versionOf: string): Promise<void> {
    await this.#insert(
      'COLUMN_VERSIONS (table_schema, table_name, column_name, version_of, added_at)',
      [[table.schema, table.identifier, column, versionOf]],
      'CURRENT_TIMESTAMP()',
    )
  }

  async forgetColumnVersions(table: RelationName): Promise<void> {
    await this.#query(`DELETE FROM ${this.nameOf('COLUMN_VERSIONS')} WHERE table_schema = ? AND table_name = ?`, [
      table.schema,
      table.identifier,
    ])
  }

  /** When a table takes another's place, its versions go with it. */
  async moveColumnVersions(from: RelationName, to: RelationName): Promise<void> {
    await this.forgetColumnVersions(to)
    await this.#query(
      `UPDATE ${this.nameOf('COLUMN_VERSIONS')} SET table_name = ? WHERE table_schema = ? AND table_name = ?`,
      [to.identifier, from.schema, from.identifier],
    )
  }

  /** @param last an expression for the last column of each row */
  async #insert(into: string, rows: readonly (readonly SqlValue[])[], last?: string): Promise<void> {
    const texts = rows.map((row) => `(${[...row.map(() => '?'), ...(last === undefined ? [] : [last])].join(', ')})`)
    await this.#query(`INSERT INTO ${this.nameOf(into)} VALUES ${texts.join(', ')}`, rows.flat())
  }

  async #deleteOf(table: string, streams: readonly StreamName[]): Promise<void> {
    if (streams.length === 0) return
    await this.#query(
      `DELETE FROM ${this.nameOf(table)} WHERE pipeline = ? AND stream_key IN (${streams.map(() => '?').join(', ')})`,
      [this.#pipeline, ...streams.map(streamKey)],
    )
  }

  #columnsOf(stream: StreamName): SqlValue[] {
    return [streamKey(stream), stream.namespace ?? null, stream.name]
  }
}

/** Snowflake's code for an object that does not exist or may not be seen. */
function isMissing(error: unknown): boolean {
  return hasErrorCode(error, 'WAREHOUSE_STATEMENT_FAILED') && error.details['code'] === '002003'
}

function numberOr(value: SqlValue | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function streamOf(namespace: SqlValue | undefined, name: SqlValue | undefined): StreamName {
  const isNamed = namespace !== null && namespace !== undefined
  return { ...(isNamed ? { namespace: String(namespace) } : {}), name: String(name) }
}

function stateOf(text: SqlValue | undefined): JsonObject | undefined {
  try {
    const state: unknown = JSON.parse(String(text))
    const isObject = typeof state === 'object' && state !== null && !Array.isArray(state)
    return isObject ? (state as JsonObject) : undefined
  } catch {
    return undefined
  }
}
