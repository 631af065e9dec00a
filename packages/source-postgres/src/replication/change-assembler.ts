import { EclusaError } from '@eclusa/sdk'
import type { ByteBudget, SourceMessage } from '@eclusa/sdk'
import type { BufferPool } from '../codec/buffer-pool.ts'
import type { ReplicatedStream } from './change-source.ts'
import { messagePrefix } from './heartbeat.ts'
import type { LastCommit } from './last-commit.ts'
import type { Lsn } from './lsn.ts'
import { formatLsn } from './lsn.ts'
import type { MessageCursor } from './message-cursor.ts'
import type {
  CommitPreparedMessage,
  PgoutputMessage,
  RelationMessage,
  StreamCommitMessage,
  TruncateMessage,
} from './pgoutput-message.ts'
import { changeKind } from './pgoutput-reader.ts'
import type { PgoutputReader } from './pgoutput-reader.ts'
import { PreparedTransactions } from './prepared-transactions.ts'
import { protocolViolation } from './protocol-violation.ts'
import { StreamChanges } from './stream-changes.ts'
import type { TransactionPlace, TuplePlan } from './stream-changes.ts'
import type { DescribeColumns } from './stream-shape.ts'
import type { StreamedTransactions } from './streamed-transactions.ts'

export interface ChangeAssemblerOptions {
  /** Transactions that end at this position or before it are left out. */
  readonly from: Lsn
  /** Before it when a transaction had been prepared there and not ended: see `readFrom`. */
  readonly readFrom: Lsn
  readonly until: Lsn | undefined
  readonly lastCommit: LastCommit | undefined
  /** Commits at this position or beyond it are none that `lastCommit` may name. Undefined: all may be named. */
  readonly commitsBefore: Lsn | undefined
  readonly budget: ByteBudget
  readonly pool: BufferPool
  readonly streamed: StreamedTransactions
}

/**
 * Why `read` returned; it goes on where it stopped.
 *
 * - `end`: the messages are all read. - `plan`: `relation` has to be planned. - `replay`: `committed` has to be replayed.
 * - `full`: `messages` should be taken. - `boundary`: a transaction ended where a flush is due.
 */
export type Pause = 'end' | 'plan' | 'replay' | 'full' | 'boundary'

/** How messages are read: as they come, or again, of a transaction that was streamed before it ended. */
export interface MessageSource {
  readonly reader: PgoutputReader
  /** When they are read again: subtransactions whose changes are void. */
  readonly aborted?: ReadonlySet<number>
}

interface RelationEntry {
  readonly relation: RelationMessage
  /** Undefined: not known yet. Null: of no stream that was chosen. */
  plan: TuplePlan | null | undefined
}

const orderMax = 2 ** 31 - 3

/**
 * Makes batches of messages: pure work on memory, which nothing has to be awaited for but what the pauses name. What it
 * has made so far outlives a connection: reading on, it leaves out exactly what it has already seen.
 */
export class ChangeAssembler {
  /** Finished, for whoever takes them. */
  readonly messages: SourceMessage[] = []
  /** Everything that ended before it is in the batches. */
  position: Lsn
  /** The last commit before `position` of a transaction with a change, of whatever relation, or with a message of ours. */
  lastCommit: LastCommit | undefined
  /** The next end of a transaction is a boundary. */
  isFlushWished = false
  /** Changes came since the last flush. */
  isDirty = false
  /** With the pause `plan`. */
  relation: RelationMessage | undefined
  /** With the pause `replay`. */
  committed: StreamCommitMessage | CommitPreparedMessage | undefined
  readonly #options: ChangeAssemblerOptions
  readonly #prepared: PreparedTransactions
  readonly #relations = new Map<number, RelationEntry>()
  readonly #streams = new Map<string, StreamChanges>()
  /** Streams whose copy is ahead of the log. */
  #ahead: StreamChanges[] = []
  #place: TransactionPlace | undefined
  /** Number of the next change in its transaction. */
  #order = 0
  /** Changes of this transaction before this order are in the batches already. */
  #orderFrom = 0
  /** The transaction has a message that this source wrote. */
  #isMarked = false
  /** How far the transaction had come that was open when the connection was lost. */
  #interrupted: { readonly position: Lsn; readonly order: number } | undefined
  /** The message that was read last is not dealt with: the pause came before it. */
  #isHeld = false
  /** Messages belong to a transaction that is not committed. */
  #isInBlock = false
  /** The block is that of a transaction that was prepared, and came as a whole. */
  #isPreparing = false
  /** Bytes of messages in batches that are not finished, and of all since the last checkpoint. */
  #bytesOpen = 0
  #bytesUncovered = 0
  #lastRelationId = -1
  #lastPlan: TuplePlan | null = null

  constructor(options: ChangeAssemblerOptions) {
    this.#options = options
    this.position = options.from
    this.lastCommit = options.lastCommit
    this.#prepared = new PreparedTransactions(options)
  }

  /**
   * From where on the log has to be read again after a loss, and up to where it may be given up: before `position` while a
   * transaction is prepared there, which the server sends at its PREPARE and never again.
   */
  get readFrom(): Lsn {
    return this.#prepared.readFrom(this.position)
  }

  get isInTransaction(): boolean {
    return this.#place !== undefined
  }

  /** Forgets what belongs to a connection; the next one begins at `readFrom`. */
  disconnect(): void {
    const order = Math.max(this.#order, this.#orderFrom)
    if (this.#place !== undefined && order > 0 && Number.isFinite(order)) {
      this.#interrupted = { position: this.#place.position, order }
    }
    this.#prepared.disconnect(this.position)
    this.#place = undefined
    this.#isHeld = false
    this.#isInBlock = this.#isPreparing = false
    this.#relations.clear()
    this.#forgetLast()
  }

  /** Reads messages until they end, or something is to be done first. All that was read is decoded then. */
  read(cursor: MessageCursor, source: MessageSource): Pause {
    const pause = this.#readOn(cursor, source)
    for (const stream of this.#streams.values()) stream.decode(cursor.wire)
    return pause
  }

  /** @param position where the commit record begins. */
  begin(position: Lsn, committedAtUs: bigint): void {
    if (this.#place !== undefined) throw protocolViolation('a transaction began within another one')
    this.#place = { position, committedAtUs }
    this.#order = 0
    this.#isMarked = false
    // The server leaves out what ended before the position it was given; that it is so is not taken on trust.
    this.#orderFrom = position < this.position ? Number.POSITIVE_INFINITY : this.#orderAfterInterruption(position)
    if (this.#ahead.length > 0) this.#ahead = this.#ahead.filter((changes) => isInCopy(changes, position))
  }

  /**
   * True at a boundary.
   *
   * @param end behind the commit record.
   * @param wasPrepared the server names such a commit whether or not there was a change.
   */
  commit(end: Lsn, { wasPrepared = false }: { readonly wasPrepared?: boolean } = {}): boolean {
    this.#noteCommit(wasPrepared)
    this.#place = undefined
    this.#moveTo(end)
    const { until, budget } = this.#options
    return (
      this.isFlushWished ||
      this.#bytesUncovered > budget.bytesMax / 2 ||
      (until !== undefined && this.position >= until)
    )
  }

  #noteCommit(wasPrepared: boolean): void {
    const place = this.#place
    const isChange = this.#order > 0 || this.#isMarked || wasPrepared
    if (place === undefined || !isChange || place.position < this.position) return
    const { commitsBefore } = this.#options
    if (commitsBefore === undefined || place.position < commitsBefore) this.lastCommit = place
  }

  /** After the pause `replay`: nothing more is needed of the transaction. */
  resolve(xid: number): void {
    this.#options.streamed.forget(xid)
    this.#prepared.resolve(xid)
  }

  #moveTo(position: Lsn): void {
    if (position > this.position) this.position = position
    this.#prepared.moveTo(position)
  }

  /** After the pause `plan`. @param stream undefined when it was not chosen. */
  async plan(stream: ReplicatedStream | undefined, describe: DescribeColumns): Promise<void> {
    const entry = this.#relations.get(this.relation!.relationId)!
    this.#forgetLast()
    if (stream === undefined) {
      entry.plan = null
      return
    }
    const changes = this.#changesOf(stream)
    const { schema } = changes.shape
    entry.plan = await changes.plan(entry.relation, describe)
    if (schema === changes.shape.schema) return
    // Plans of other partitions fill batches of the former columns.
    for (const other of this.#relations.values()) {
      if (other !== entry && other.plan?.changes === changes) other.plan = undefined
    }
  }

  /** Ends all batches, which `messages` has then, for a checkpoint at `position`. */
  flush(): void {
    this.finish()
    this.isDirty = false
    this.isFlushWished = false
    this.#bytesUncovered = 0
  }

  /** Ends all batches, which `messages` has then. */
  finish(): void {
    for (const stream of this.#streams.values()) stream.finish()
    this.#bytesOpen = 0
  }

  #readOn(cursor: MessageCursor, { reader, aborted }: MessageSource): Pause {
    while (this.#isHeld || cursor.next()) {
      if (cursor.isKeepAlive) {
        // What is still open, streamed or not, ends behind it, and will be sent anew from there.
        if (this.#place === undefined) this.#moveTo(cursor.walEnd)
        continue
      }
      const { wire, start, end } = cursor
      const isChange = this.#isHeld ? isChangeKind(reader.kind) : reader.read(wire, start, end)
      this.#isHeld = false
      if (this.#isInBlock && aborted === undefined && !isBlockEnd(reader.kind)) {
        if (isChange || isKeptKind(reader.kind)) this.#options.streamed.keep(wire, start, end)
        // What is described in a transaction that was prepared is not described again to others.
        if (this.#isPreparing && reader.kind === relationKind) this.#readMessage(cursor, reader.message(), undefined)
        continue
      }
      if (isChange && aborted?.has(reader.streamXid) === true) continue
      const pause = isChange ? this.#readChange(cursor, reader) : this.#readMessage(cursor, reader.message(), aborted)
      if (pause !== undefined) return pause
    }
    return 'end'
  }

  #readChange({ wire, start, end }: MessageCursor, reader: PgoutputReader): Pause | undefined {
    const place = this.#place
    if (place === undefined) throw protocolViolation('a change came outside of a transaction')
    const order = this.#order
    if (order >= this.#orderFrom) {
      const plan = reader.relationId === this.#lastRelationId ? this.#lastPlan : this.#planOf(reader.relationId)
      if (plan === undefined) return this.#hold('plan')
      if (plan !== null && !plan.changes.isCopied) {
        this.isDirty = true
        this.#bytesOpen += end - start
        this.#bytesUncovered += end - start
        plan.changes.add(plan, wire, reader, place, order)
      }
    }
    // With an old row it may be two changes, whether or not anybody looks: numbers must be the same whenever it is read.
    this.#advance(reader.kind === changeKind.update && reader.oldTuple !== -1 ? 2 : 1)
    return this.#bytesOpen > this.#options.budget.bytesMax ? this.#finishOpen(wire) : undefined
  }

  #readMessage(
    cursor: MessageCursor,
    message: PgoutputMessage,
    aborted: ReadonlySet<number> | undefined,
  ): Pause | undefined {
    switch (message.kind) {
      case 'begin':
        this.begin(message.finalLsn, message.committedAtUs)
        return undefined
      case 'commit':
        return this.commit(message.endLsn) ? 'boundary' : undefined
      case 'relation':
        this.#announce(message)
        return undefined
      case 'message':
        this.#isMarked ||= message.isTransactional && message.prefix === messagePrefix
        return undefined
      case 'truncate':
        return aborted?.has(message.streamXid) === true ? undefined : this.#readTruncate(cursor, message)
      case 'stream-start':
      case 'stream-stop':
      case 'stream-abort':
      case 'stream-commit':
        return this.#readStreamed(message)
      case 'stream-prepare':
      case 'begin-prepare':
      case 'prepare':
      case 'commit-prepared':
      case 'rollback-prepared':
        return this.#readPrepared(message)
      default:
        return undefined
    }
  }

  /** A transaction that was prepared is kept like one that is streamed, until it is known how it ends. */
  #readPrepared(message: Extract<PgoutputMessage, { kind: `${string}prepare${string}` }>): Pause | undefined {
    const { streamed } = this.#options
    switch (message.kind) {
      case 'begin-prepare':
        streamed.enter(message.xid, { isStreamed: false })
        this.#isInBlock = this.#isPreparing = true
        return undefined
      case 'prepare':
        streamed.leave()
        this.#isInBlock = this.#isPreparing = false
        this.#prepared.add(message)
        return undefined
      case 'stream-prepare':
        this.#prepared.add(message)
        return undefined
      case 'commit-prepared':
        this.committed = message
        return 'replay'
      case 'rollback-prepared':
        this.resolve(message.xid)
        return undefined
    }
  }

  #readStreamed(message: StreamedMessage): Pause | undefined {
    const { streamed } = this.#options
    switch (message.kind) {
      case 'stream-start':
        streamed.enter(message.xid)
        this.#isInBlock = true
        return undefined
      case 'stream-stop':
        streamed.leave()
        this.#isInBlock = false
        return undefined
      case 'stream-abort':
        streamed.abort(message.xid, message.subtransactionXid)
        return undefined
      case 'stream-commit':
        this.committed = message
        return 'replay'
    }
  }

  #readTruncate({ wire }: MessageCursor, { relationIds }: TruncateMessage): Pause | undefined {
    const place = this.#place
    if (place === undefined) throw protocolViolation('a truncation came outside of a transaction')
    if (relationIds.some((id) => this.#planOf(id) === undefined)) return this.#hold('plan')
    const truncated = new Set<StreamChanges>()
    for (const id of relationIds) {
      const changes = this.#order >= this.#orderFrom ? this.#planOf(id)?.changes : undefined
      if (changes !== undefined && !changes.isCopied && !truncated.has(changes)) {
        truncated.add(changes)
        assertWhole(changes, relationIds)
        changes.truncate(wire, place, this.#order)
        this.isDirty = true
      }
      this.#advance(1)
    }
    return undefined
  }

  /** The plan of a relation; undefined, with `relation` set, when it has none yet. */
  #planOf(relationId: number): TuplePlan | null | undefined {
    const entry = this.#relations.get(relationId)
    if (entry === undefined) throw protocolViolation('a change is of a relation that was not described')
    if (entry.plan === undefined) {
      this.relation = entry.relation
      return undefined
    }
    this.#lastRelationId = relationId
    this.#lastPlan = entry.plan
    return entry.plan
  }

  #announce(relation: RelationMessage): void {
    this.#relations.set(relation.relationId, { relation, plan: undefined })
    this.#forgetLast()
  }

  #changesOf(stream: ReplicatedStream): StreamChanges {
    const { key } = stream.source
    const known = this.#streams.get(key)
    if (known !== undefined) return known
    const { budget, pool } = this.#options
    const made = new StreamChanges(stream, { budget, pool, onMessage: (message) => this.messages.push(message) })
    this.#streams.set(key, made)
    if (this.#place !== undefined && isInCopy(made, this.#place.position)) this.#ahead.push(made)
    return made
  }

  #orderAfterInterruption(position: Lsn): number {
    const interrupted = this.#interrupted
    this.#interrupted = undefined
    if (interrupted === undefined) return 0
    if (interrupted.position === position) return interrupted.order
    throw protocolViolation(
      `the transaction at ${formatLsn(interrupted.position)}, of which a part was read, did not come again`,
    )
  }

  #advance(count: number): void {
    this.#order += count
    if (this.#order > orderMax) {
      throw new EclusaError('INTERNAL', { message: 'A transaction has more changes than can be numbered.' })
    }
  }

  #finishOpen(wire: MessageCursor['wire']): Pause {
    for (const stream of this.#streams.values()) stream.decode(wire)
    this.finish()
    return 'full'
  }

  #hold(pause: Pause): Pause {
    this.#isHeld = true
    return pause
  }

  #forgetLast(): void {
    this.#lastRelationId = -1
    this.#lastPlan = null
  }
}

function isChangeKind(kind: number): boolean {
  return kind === changeKind.insert || kind === changeKind.update || kind === changeKind.delete
}

type StreamedMessage = Exclude<Extract<PgoutputMessage, { kind: `stream-${string}` }>, { kind: 'stream-prepare' }>

const streamStopKind = 0x45
const prepareKind = 0x50
const relationKind = 0x52
const truncateKind = 0x54

function isBlockEnd(kind: number): boolean {
  return kind === streamStopKind || kind === prepareKind
}

/** Of messages that are no changes, those that matter when a transaction is replayed. */
function isKeptKind(kind: number): boolean {
  return kind === relationKind || kind === truncateKind
}

/** Notes whether the copy of the stream has the transaction; false when it will have none from here on. */
function isInCopy(changes: StreamChanges, position: Lsn): boolean {
  changes.isCopied = position < changes.stream.from
  return changes.isCopied
}

/** Partitions that are sent under their own names are truncated one by one, which a stream of the whole cannot follow. */
function assertWhole({ stream }: StreamChanges, relationIds: readonly number[]): void {
  const { relation, key } = stream.source
  if (relation === undefined || relationIds.includes(relation.oid)) return
  throw new EclusaError('REPLICATION_PUBLICATION_UNSUITABLE', {
    message: `Partitions of ${key} were truncated, and nothing tells which rows they had.`,
    remedy: `Copy the stream anew: eclusa resync ${key}. Use DELETE, or truncate ${key} as a whole. (With publish_via_partition_root such a truncation would not be sent at all.)`,
    details: { stream: key },
  })
}
