import { EclusaError, hasErrorCode, isTransient, retry } from '@eclusa/sdk'
import type { SourceMessage } from '@eclusa/sdk'
import { ChangeAssembler } from './change-assembler.ts'
import type { MessageSource, Pause } from './change-assembler.ts'
import type { ChangeSource, ReadChangesOptions, StartedReplication } from './change-source.ts'
import { ControlSession } from './control-session.ts'
import { FlushClock } from './flush-clock.ts'
import { emitHeartbeat } from './heartbeat.ts'
import { lsnNone } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import type { MessageCursor } from './message-cursor.ts'
import type { CommitPreparedMessage, StreamCommitMessage } from './pgoutput-message.ts'
import { PgoutputReader } from './pgoutput-reader.ts'
import { isBinaryDecodable } from './relation-decoder.ts'
import type { ReplicationFrames } from './replication-frames.ts'
import type { ReplicationStream } from './replication-stream.ts'
import { streamedReader } from './streamed-reader.ts'
import { StreamedTransactions } from './streamed-transactions.ts'
import { describeColumns } from './streamed-column.ts'
import { overriddenTypes } from './stream-shape.ts'

type Messages = AsyncGenerator<SourceMessage, void, undefined>

/** How often a position that moved on without changes is yielded. */
const idleIntervalMs = 1_000
/** How often a run that only waits for the end asks the server how far it is; usually it says so by itself. */
const askIntervalMs = 1_000

/** Reads changes from a slot. */
export function readChanges(options: ReadChangesOptions): ChangeSource {
  return new ChangeReader(options)
}

/** Ends a connection: a column came up whose binary form is not decoded here. */
const needsText = new Error('Values have to come as text.')

/**
 * The loop: frames of the socket are assembled into batches, which are yielded in full or, with a checkpoint, when a flush
 * is due. While somebody works on what was yielded nothing is read: the socket's buffer fills up, then the server waits.
 */
class ChangeReader implements ChangeSource {
  readonly #options: ReadChangesOptions
  readonly #assembler: ChangeAssembler
  readonly #streamed: StreamedTransactions
  readonly #control: ControlSession
  readonly #flushClock: FlushClock
  #stream: ReplicationStream | undefined
  #isText = false
  #durable = lsnNone
  /** Position of the last checkpoint, and when it was yielded. */
  #yielded: Lsn
  #yieldedAtMs = performance.now()
  #receivedAtMs = performance.now()
  #askedAtMs = performance.now()
  /** Batches were yielded that no checkpoint covers. */
  #isUncovered = false

  constructor(options: ReadChangesOptions) {
    const { budget, pool, from, readFrom = from, until, lastCommit, commitsBefore } = options
    this.#options = options
    // A quarter for transactions that are not committed, the rest for batches and what is on its way to and from them.
    this.#streamed = new StreamedTransactions(budget.bytesMax / 4)
    this.#assembler = new ChangeAssembler({
      from,
      readFrom,
      until,
      lastCommit,
      commitsBefore,
      budget,
      pool,
      streamed: this.#streamed,
    })
    this.#control = new ControlSession(async () => await options.openSession(), options.answerTimeoutMs)
    this.#flushClock = new FlushClock(options.flushIntervalMs)
    this.#yielded = from
  }

  acknowledge(position: Lsn): void {
    if (position <= this.#durable) return
    this.#durable = position
    this.#confirm()
  }

  [Symbol.asyncIterator](): Messages {
    return this.#readAll()
  }

  async *#readAll(): Messages {
    await using _control = this.#control
    await using _streamed = this.#streamed
    let lost: unknown
    do {
      const replication = await this.#connect(lost)
      if (replication === undefined) return
      lost = undefined
      try {
        yield* this.#readConnection(replication)
      } catch (error) {
        if (!this.#isWorthAnotherTry(error)) throw error
        lost = error
      } finally {
        this.#stream = undefined
        await replication[Symbol.asyncDispose]()
      }
    } while (lost !== undefined)
  }

  /** Undefined when it was told to stop meanwhile. @param lost why there is no connection any longer, if there was one. */
  async #connect(lost: unknown): Promise<StartedReplication | undefined> {
    const options = this.#options
    this.#assembler.disconnect()
    await this.#streamed.clear()
    this.#isText ||= lost === needsText
    const { readFrom, position, lastCommit } = this.#assembler
    const open = async () => await options.connect(readFrom, { position, lastCommit, isText: this.#isText })
    // Whether a run that cannot even begin is worth another try is for whoever began it to say.
    if (options.until !== undefined || lost === undefined) return await open()
    if (lost !== needsText) return await this.#connectAgain(open, lost)
    try {
      return await open()
    } catch (error) {
      if (!this.#isWorthAnotherTry(error)) throw error
      return await this.#connectAgain(open, error)
    }
  }

  async #connectAgain(open: () => Promise<StartedReplication>, lost: unknown): Promise<StartedReplication | undefined> {
    const { signal, stopSignal, log } = this.#options
    try {
      return await retry(
        async (attempt) => {
          // The loss counts as the first attempt that failed, so that a delay follows it too.
          if (attempt === 1) {
            await this.#control.abandon()
            throw lost
          }
          const replication = await open()
          log.info('Replication goes on.')
          return replication
        },
        {
          signal: AbortSignal.any([signal, stopSignal]),
          attemptsMax: Number.POSITIVE_INFINITY,
          shouldRetry: (error) => this.#isWorthAnotherTry(error),
          onRetry: ({ error, delayMs }) =>
            log.warn('Replication was interrupted; it goes on soon.', { error, delayMs: Math.round(delayMs) }),
        },
      )
    } catch (error) {
      if (signal.aborted) throw cancelled(signal)
      // An end in order would let others commit a part of a transaction.
      if (stopSignal.aborted && !this.#isUncovered) return undefined
      throw stopSignal.aborted ? lost : error
    }
  }

  #isWorthAnotherTry(error: unknown): boolean {
    if (error === needsText) return true
    const { until, signal } = this.#options
    // Another connection would find it altered as well: the run has to begin anew.
    const isLasting = hasErrorCode(error, 'CANCELLED') || hasErrorCode(error, 'REPLICATION_PUBLICATION_CHANGED')
    return until === undefined && !signal.aborted && isTransient(error) && !isLasting
  }

  async *#readConnection({ stream, isBinary }: StartedReplication): Messages {
    const { stopSignal } = this.#options
    const main: MessageSource = { reader: new PgoutputReader() }
    const wake = () => stream.interrupt()
    stopSignal.addEventListener('abort', wake)
    try {
      this.#stream = stream
      this.#confirm()
      this.#receivedAtMs = this.#askedAtMs = performance.now()
      stream.requestKeepAlive()
      for (;;) {
        const frames = await this.#next(stream)
        yield* this.#assemble(frames, main, isBinary)
        await this.#streamed.settle()
        if (this.#isFlushDue(stream)) yield* this.#flush()
        if (this.#isEnd()) {
          if (this.#assembler.position > this.#yielded || this.#assembler.isDirty) yield* this.#flush()
          return
        }
      }
    } finally {
      stopSignal.removeEventListener('abort', wake)
    }
  }

  /** What has been received; maybe nothing, when something else is due. */
  async #next(stream: ReplicationStream): Promise<ReplicationFrames> {
    const timer = stream.hasFrames ? undefined : this.#setTimer(stream)
    const frames = await stream.next()
    clearTimeout(timer)
    if (frames === undefined) {
      throw new EclusaError('POSTGRES_CONNECTION_LOST', { message: 'The server ended the replication.' })
    }
    const nowMs = performance.now()
    if (!frames.isEmpty) this.#receivedAtMs = nowMs
    else await this.#onSilence(stream, nowMs)
    return frames
  }

  #setTimer(stream: ReplicationStream): NodeJS.Timeout | undefined {
    const { heartbeatIntervalMs, until } = this.#options
    const { position, isInTransaction } = this.#assembler
    const dueAtMs = Math.min(
      isInTransaction ? Number.POSITIVE_INFINITY : this.#flushClock.dueAtMs(true),
      !isInTransaction && position > this.#yielded ? this.#yieldedAtMs + idleIntervalMs : Number.POSITIVE_INFINITY,
      heartbeatIntervalMs > 0 ? this.#receivedAtMs + heartbeatIntervalMs : Number.POSITIVE_INFINITY,
      until === undefined ? Number.POSITIVE_INFINITY : this.#askedAtMs + askIntervalMs,
    )
    if (dueAtMs === Number.POSITIVE_INFINITY) return undefined
    return setTimeout(() => stream.interrupt(), Math.max(0, dueAtMs - performance.now()))
  }

  async #onSilence(stream: ReplicationStream, nowMs: number): Promise<void> {
    const { heartbeatIntervalMs, until } = this.#options
    if (until !== undefined && nowMs >= this.#askedAtMs + askIntervalMs) {
      this.#askedAtMs = nowMs
      stream.requestKeepAlive()
    }
    if (heartbeatIntervalMs === 0 || nowMs < this.#receivedAtMs + heartbeatIntervalMs) return
    this.#receivedAtMs = nowMs
    await this.#control.use(emitHeartbeat)
  }

  async *#assemble(cursor: MessageCursor, source: MessageSource, isBinary: boolean): Messages {
    const assembler = this.#assembler
    let pause: Pause
    do {
      pause = assembler.read(cursor, source)
      if (assembler.isDirty) this.#flushClock.changed(performance.now())
      if (pause === 'plan') await this.#plan(isBinary)
      else if (pause === 'replay') yield* this.#replay(assembler.committed!, isBinary)
      else if (pause === 'full') yield* this.#takeMessages()
      else if (pause === 'boundary') yield* this.#flush()
      if ((pause === 'boundary' || pause === 'replay') && this.#isEnd()) return
    } while (pause !== 'end')
    if (assembler.messages.length > 0) yield* this.#takeMessages()
  }

  /** Reads a transaction that came before it was committed. */
  async *#replay(commit: StreamCommitMessage | CommitPreparedMessage, isBinary: boolean): Messages {
    const assembler = this.#assembler
    const { xid } = commit
    if (commit.commitLsn >= assembler.position) {
      const { isStreamed, aborted, cursors } = this.#streamed.replay(xid)
      const source: MessageSource = { reader: isStreamed ? streamedReader(xid) : new PgoutputReader(), aborted }
      assembler.begin(commit.commitLsn, commit.committedAtUs)
      for await (const cursor of cursors) yield* this.#assemble(cursor, source, isBinary)
      assembler.resolve(xid)
      const isBoundary = assembler.commit(commit.endLsn, { wasPrepared: commit.kind === 'commit-prepared' })
      if (isBoundary) yield* this.#flush()
    } else assembler.resolve(xid)
  }

  async #plan(isBinary: boolean): Promise<void> {
    const { typePolicy: policy } = this.#options
    const stream = await this.#options.findStream(this.#assembler.relation!)
    const overrides = stream === undefined ? new Map() : overriddenTypes(stream.source, policy)
    await this.#assembler.plan(stream, async (relation, columns) => {
      const described = await this.#control.use(
        async (session) => await describeColumns(session, relation, columns, { policy, overrides }),
      )
      if (isBinary && !isBinaryDecodable(described.map(({ codec }) => codec))) throw needsText
      return described
    })
  }

  #isFlushDue(stream: ReplicationStream): boolean {
    const assembler = this.#assembler
    const nowMs = performance.now()
    const isDrained = !stream.hasFrames
    const isDue = nowMs >= this.#flushClock.dueAtMs(isDrained)
    if (assembler.isInTransaction) {
      assembler.isFlushWished = isDue || this.#options.stopSignal.aborted
      return false
    }
    const hasMoved = assembler.position > this.#yielded
    return isDue || (hasMoved && !assembler.isDirty && isDrained && nowMs >= this.#yieldedAtMs + idleIntervalMs)
  }

  /** Yields all there is, and a checkpoint for it. Only between transactions. */
  async *#flush(): Messages {
    const { caughtUpFrom } = this.#options
    const assembler = this.#assembler
    const startedAtMs = performance.now()
    assembler.flush()
    this.#flushClock.flushed(startedAtMs)
    yield* this.#takeMessages()
    this.#isUncovered = false
    this.#yielded = assembler.position
    this.#yieldedAtMs = startedAtMs
    const isCaughtUp = caughtUpFrom !== undefined && assembler.position >= caughtUpFrom
    yield {
      type: 'checkpoint',
      checkpoints: this.#options.checkpoints(assembler.position, assembler.readFrom, assembler.lastCommit),
      ...(isCaughtUp && { isCaughtUp }),
    }
  }

  async *#takeMessages(): Messages {
    this.#isUncovered ||= this.#assembler.messages.length > 0
    yield* this.#assembler.messages.splice(0)
  }

  #isEnd(): boolean {
    const { until, stopSignal } = this.#options
    const { isInTransaction, position } = this.#assembler
    return !isInTransaction && (stopSignal.aborted || (until !== undefined && position >= until))
  }

  #confirm(): void {
    const position = this.#durable
    if (position > lsnNone) this.#stream?.confirm({ written: position, flushed: position, applied: position })
  }
}

function cancelled({ reason }: AbortSignal): EclusaError {
  if (EclusaError.isInstance(reason)) return reason
  return new EclusaError('CANCELLED', { message: 'Reading changes from PostgreSQL was cancelled.', cause: reason })
}
