import { EclusaError, streamKey } from '@eclusa/sdk'
import type { Checkpoint, JsonObject, SqlValue, StoredProgress, StreamName, WarehouseConnection } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { foldCase, ledgerSchema } from '@eclusa/warehouse/load'
import type {
  CommitRecord,
  InspectedLedger,
  LogPosition,
  StoredCheckpoints,
  StreamRecord,
} from '@eclusa/warehouse/load'

/*
 * What eclusa keeps in the warehouse beside the data, in the same transactions: schema `_eclusa`.
 *
 *   checkpoints      how far each stream of each pipeline was read by its last commit
 *   commits          one row for each commit: its identity is (pipeline, sequence)
 *   commit_streams   how many rows of which stream it holds, and up to where in the log its changes are applied
 *   streams          the table and generation of each stream, and the refresh that is being loaded
 *   column_versions  which columns of a table are new versions of a column whose type had changed
 *
 * No keys and indexes: they would cost time on every commit, and one writer at a time needs none.
 *
 * Who follows commits several times a second for months, so old commits are forgotten: the last ones are there for people,
 * and for each stream stay its last commit, which says what is applied, and its last one with rows.
 */

const formatVersion = 3

/** So many commits of a pipeline are kept, and up to so many more until the next time that old ones are forgotten. */
const commitsKept = 1000
const commitsBetweenPrunings = 100

const tables = [
  'format (version INTEGER)',
  'checkpoints (pipeline VARCHAR, namespace VARCHAR, stream VARCHAR, state VARCHAR, run_id VARCHAR, sequence BIGINT, committed_at TIMESTAMPTZ)',
  'commits (pipeline VARCHAR, sequence BIGINT, run_id VARCHAR, row_count BIGINT, byte_count BIGINT, unrepresentable_count BIGINT, committed_at TIMESTAMPTZ)',
  'commit_streams (pipeline VARCHAR, sequence BIGINT, namespace VARCHAR, stream VARCHAR, row_count BIGINT, position BIGINT, change_order INTEGER)',
  'streams (pipeline VARCHAR, namespace VARCHAR, stream VARCHAR, table_schema VARCHAR, table_name VARCHAR, generation_id BIGINT, loading_generation_id BIGINT, completed_sequence BIGINT, may_repeat_keys BOOLEAN, merge_key VARCHAR)',
  'column_versions (table_schema VARCHAR, table_name VARCHAR, column_name VARCHAR, version_of VARCHAR, added_at TIMESTAMPTZ)',
]

/** Columns that ledgers of earlier versions lack. */
const laterColumns = [
  ['commit_streams', 'position BIGINT'],
  ['commit_streams', 'change_order INTEGER'],
  ['streams', 'merge_key VARCHAR'],
] as const

/** Reads and writes the tables of `_eclusa`, within the transaction of its connection. */
export class Ledger implements InspectedLedger {
  readonly #connection: WarehouseConnection
  readonly #pipeline: string

  constructor(connection: WarehouseConnection, pipeline: string) {
    this.#connection = connection
    this.#pipeline = pipeline
  }

  /**
   * True when the warehouse has a ledger that this version can read.
   *
   * @throws DESTINATION_LEDGER_NEWER
   */
  async exists(): Promise<boolean> {
    const format = { schema: ledgerSchema, identifier: 'format' }
    if ((await duckdbDialect.listColumns(this.#connection, format)) === undefined) return false
    const [row] = await this.#rows(`SELECT max(version) FROM ${nameOf('format')}`, [])
    const version = Number(row?.[0] ?? 0)
    if (version <= formatVersion) return version > 0
    throw new EclusaError('DESTINATION_LEDGER_NEWER', {
      message: `The tables of schema ${ledgerSchema} have format ${version}; this version of eclusa knows ${formatVersion}.`,
    })
  }

  async create(): Promise<void> {
    await this.#connection.query(duckdbDialect.createSchema(ledgerSchema))
    for (const table of tables) await this.#connection.query(`CREATE TABLE IF NOT EXISTS ${ledgerSchema}.${table}`)
    await this.#connection.query(`INSERT INTO ${nameOf('format')} VALUES (${formatVersion})`)
  }

  /** Brings a ledger of an earlier version to this one's. */
  async upgrade(): Promise<void> {
    const format = nameOf('format')
    const [row] = await this.#rows(`SELECT max(version) FROM ${format}`, [])
    if (Number(row?.[0]) >= formatVersion) return
    for (const [table, column] of laterColumns) {
      await this.#query(`ALTER TABLE ${nameOf(table)} ADD COLUMN IF NOT EXISTS ${column}`, [])
    }
    await this.#query(`UPDATE ${format} SET version = ${formatVersion}`, [])
  }

  /** The last change of each stream that is applied, by `streamKey`: what its last commit says. */
  async applied(): Promise<Map<string, LogPosition>> {
    const rows = await this.#rows(
      `SELECT namespace, stream, last.p, last.o FROM (
         SELECT namespace, stream, arg_max(struct_pack(p := position, o := change_order), sequence) AS last
         FROM ${nameOf('commit_streams')} WHERE pipeline = $1 GROUP BY namespace, stream)
       WHERE last.p IS NOT NULL`,
      [this.#pipeline],
    )
    return new Map(
      rows.map(([namespace, stream, position, order]) => [
        streamKey(streamOf(namespace, stream)),
        { position: position as bigint, order: Number(order) },
      ]),
    )
  }

  /** The last commit of the pipeline; undefined before the first one. */
  async lastCommit(): Promise<NonNullable<StoredProgress['lastCommit']> | undefined> {
    const [row] = await this.#rows(
      `SELECT sequence, row_count, byte_count, run_id, epoch_ms(committed_at) FROM ${nameOf('commits')}
       WHERE pipeline = $1 ORDER BY sequence DESC LIMIT 1`,
      [this.#pipeline],
    )
    if (row === undefined) return undefined
    const [sequence, rows, bytes, runId, atMs] = row
    return {
      sequence: Number(sequence),
      rows: Number(rows),
      bytes: Number(bytes),
      runId: String(runId),
      atMs: Number(atMs),
    }
  }

  /** When rows of each stream were last committed, in milliseconds since 1970, by the stream's key. */
  async lastRowsAtMs(): Promise<Map<string, number>> {
    const rows = await this.#rows(
      `SELECT namespace, stream, max(epoch_ms(committed_at)) FROM ${nameOf('commit_streams')}
       JOIN ${nameOf('commits')} USING (pipeline, sequence)
       WHERE pipeline = $1 AND commit_streams.row_count > 0 GROUP BY ALL`,
      [this.#pipeline],
    )
    return new Map(rows.map(([namespace, stream, atMs]) => [streamKey(streamOf(namespace, stream)), Number(atMs)]))
  }

  /** 0 before the first commit. */
  async lastSequence(): Promise<number> {
    const sql = `SELECT coalesce(max(sequence), 0)::BIGINT FROM ${nameOf('commits')} WHERE pipeline = $1`
    return Number((await this.#rows(sql, [this.#pipeline]))[0]?.[0])
  }

  async checkpoints(): Promise<StoredCheckpoints> {
    const sql = `SELECT namespace, stream, state FROM ${nameOf('checkpoints')} WHERE pipeline = $1 ORDER BY namespace, stream`
    const rows = await this.#rows(sql, [this.#pipeline])
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
    for (const { stream, state } of checkpoints) {
      await this.forgetCheckpoint(stream)
      await this.#insert('checkpoints', [
        this.#pipeline,
        stream.namespace ?? null,
        stream.name,
        JSON.stringify(state),
        commit.runId,
        commit.sequence,
      ])
    }
  }

  async forgetCheckpoint(stream: StreamName): Promise<void> {
    await this.#deleteOf('checkpoints', stream)
  }

  async saveCommit({ pipeline, sequence, runId, rows, bytes, unrepresentable, streams }: CommitRecord): Promise<void> {
    await this.#insert('commits', [pipeline, sequence, runId, rows, bytes, unrepresentable])
    if (streams.length === 0) return
    const texts = streams.map(
      (one, index) => `($1, $2, ${one.rows}, ${loggedPosition(one)}, $${index * 2 + 3}, $${index * 2 + 4})`,
    )
    await this.#query(
      `INSERT INTO ${nameOf('commit_streams')} (pipeline, sequence, row_count, position, change_order, namespace, stream)
       VALUES ${texts.join(', ')}`,
      [pipeline, sequence, ...streams.flatMap(({ stream }) => [stream.namespace ?? null, stream.name])],
    )
  }

  /** Forgets old commits, now and then. */
  async pruneCommits(sequence: number): Promise<void> {
    if (sequence % commitsBetweenPrunings !== 0) return
    const [commits, commitStreams] = [nameOf('commits'), nameOf('commit_streams')]
    const parameters = [this.#pipeline, sequence - commitsKept]
    await this.#query(
      `DELETE FROM ${commitStreams} WHERE pipeline = $1 AND sequence <= $2 AND rowid NOT IN (
         SELECT unnest([last_row, coalesce(last_with_rows, last_row)]) FROM (
           SELECT arg_max(rowid, sequence) AS last_row, arg_max(rowid, sequence) FILTER (row_count > 0) AS last_with_rows
           FROM ${commitStreams} WHERE pipeline = $1 GROUP BY namespace, stream))`,
      parameters,
    )
    await this.#query(
      `DELETE FROM ${commits} WHERE pipeline = $1 AND sequence <= $2
         AND sequence NOT IN (SELECT sequence FROM ${commitStreams} WHERE pipeline = $1)`,
      parameters,
    )
  }

  async streams(): Promise<StreamRecord[]> {
    // All columns, in the order of `tables`: who only reads may meet a ledger that lacks the last one.
    const rows = await this.#rows(`SELECT * EXCLUDE (pipeline) FROM ${nameOf('streams')} WHERE pipeline = $1`, [
      this.#pipeline,
    ])
    return rows.map(([namespace, stream, schema, identifier, generation, loading, completed, repeats, key]) => ({
      stream: streamOf(namespace, stream),
      table: { schema: String(schema), identifier: String(identifier) },
      generationId: Number(generation),
      loadingGenerationId: loading === null ? undefined : Number(loading),
      completedSequence: Number(completed),
      mayRepeatKeys: repeats === true,
      mergeKey: key === null || key === undefined ? undefined : (JSON.parse(String(key)) as string[]),
    }))
  }

  async saveStream({
    stream,
    table,
    generationId,
    loadingGenerationId,
    completedSequence,
    mayRepeatKeys,
    mergeKey,
  }: StreamRecord): Promise<void> {
    await this.#deleteOf('streams', stream)
    await this.#query(`INSERT INTO ${nameOf('streams')} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, [
      this.#pipeline,
      stream.namespace ?? null,
      stream.name,
      table.schema,
      table.identifier,
      generationId,
      loadingGenerationId ?? null,
      completedSequence,
      mayRepeatKeys,
      mergeKey === undefined ? null : JSON.stringify(mergeKey),
    ])
  }

  /** The pipeline and stream that a table belongs to; undefined when eclusa did not make it. */
  async ownerOf(table: RelationName): Promise<{ pipeline: string; stream: StreamName } | undefined> {
    const [row] = await this.#rows(
      `SELECT pipeline, namespace, stream FROM ${nameOf('streams')}
       WHERE lower(table_schema) = lower($1) AND lower(table_name) = lower($2)`,
      [table.schema, table.identifier],
    )
    return row && { pipeline: String(row[0]), stream: streamOf(row[1], row[2]) }
  }

  /** Of a table's columns, those that are versions: their folded names, in the order of their making. */
  async columnVersions(table: RelationName): Promise<Map<string, string>> {
    const rows = await this.#rows(
      `SELECT column_name, version_of FROM ${nameOf('column_versions')}
       WHERE lower(table_schema) = lower($1) AND lower(table_name) = lower($2) ORDER BY rowid`,
      [table.schema, table.identifier],
    )
    return new Map(rows.map(([column, source]) => [foldCase(String(column)), String(source)]))
  }

  async saveColumnVersion(table: RelationName, column: string, versionOf: string): Promise<void> {
    await this.#insert('column_versions', [table.schema, table.identifier, column, versionOf])
  }

  async forgetColumnVersions(table: RelationName): Promise<void> {
    await this.#query(
      `DELETE FROM ${nameOf('column_versions')} WHERE lower(table_schema) = lower($1) AND lower(table_name) = lower($2)`,
      [table.schema, table.identifier],
    )
  }

  /** When a table takes another's place, its versions go with it. */
  async moveColumnVersions(from: RelationName, to: RelationName): Promise<void> {
    await this.forgetColumnVersions(to)
    await this.#query(
      `UPDATE ${nameOf('column_versions')} SET table_name = $3
       WHERE lower(table_schema) = lower($1) AND lower(table_name) = lower($2)`,
      [from.schema, from.identifier, to.identifier],
    )
  }

  /** The last column of these tables is the time of the transaction. */
  async #insert(table: string, values: readonly SqlValue[]): Promise<void> {
    const parameters = values.map((_, index) => `$${index + 1}`).join(', ')
    await this.#query(`INSERT INTO ${nameOf(table)} VALUES (${parameters}, current_timestamp)`, values)
  }

  async #deleteOf(table: string, stream: StreamName): Promise<void> {
    await this.#query(
      `DELETE FROM ${nameOf(table)} WHERE pipeline = $1 AND namespace IS NOT DISTINCT FROM $2 AND stream = $3`,
      [this.#pipeline, stream.namespace ?? null, stream.name],
    )
  }

  async #query(sql: string, parameters: readonly SqlValue[]): Promise<void> {
    await this.#connection.query(sql, { parameters })
  }

  async #rows(sql: string, parameters: readonly SqlValue[]): Promise<readonly (readonly SqlValue[])[]> {
    return (await this.#connection.query(sql, { parameters })).rows
  }
}

function loggedPosition({ applied }: CommitRecord['streams'][number]): string {
  return applied === undefined ? 'NULL, NULL' : `${applied.position}, ${applied.order}`
}

function nameOf(table: string): string {
  return `${ledgerSchema}.${table}`
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
