import { EclusaError } from '@eclusa/sdk'
import type { Session } from '../connection/session.ts'
import { isServerError } from '../connection/server-error.ts'
import { openCopySocket } from '../copy-reader/copy-socket.ts'
import type { CopySocket } from '../copy-reader/copy-socket.ts'
import { ReceiveBuffer } from '../copy-reader/receive-buffer.ts'
import { copyDataType, messageHeaderBytes } from '../copy-reader/tuple-decoder.ts'
import { lsnNone } from './lsn.ts'
import { protocolViolation } from './protocol-violation.ts'
import { ReplicationFrames, checkFrame, copyDone, statusUpdate } from './replication-frames.ts'
import type { ConsumedPositions } from './replication-frames.ts'

export interface ReplicationStreamOptions {
  readonly session: Session
  readonly command: string
  /** Names the slot in messages. */
  readonly slot: string
  /** Received bytes that may wait to be taken; beyond it the socket is paused. A larger frame is read whole. */
  readonly bytesMax: number
  /** How often the server hears of us, whatever else happens; far less than its wal_sender_timeout. */
  readonly statusIntervalMs: number
  /** The server is asked for a sign of life after half of it, and taken for lost after it. */
  readonly receiveTimeoutMs: number
  /** How long `stop` waits for the server. */
  readonly stopTimeoutMs: number
}

/** A walsender sends every change by itself. Chunks smaller and closer than this are not worth being taken one by one. */
const trickleBytesMax = 32 * 1024
const trickleMs = 1

const copyBothType = 0x57
const copyDoneType = 0x63
const readyForQueryType = 0x5a

/**
 * Logical replication in progress: data of the socket in, frames out. The socket pushes into one buffer while the consumer
 * works on another; `next` swaps them, so that frames are neither copied nor made into objects.
 *
 * | state     | data                         | CopyDone         | error of the server     | connection lost | ready for query |
 * |-----------|------------------------------|------------------|-------------------------|-----------------|-----------------|
 * | starting  | -> streaming at CopyBoth     | -                | kept; starting          | failed          | finished        |
 * | streaming | kept for `next`              | answered; ending | kept; streaming         | failed          | finished        |
 * | ending    | thrown away                  | ignored          | kept; ending            | failed          | finished        |
 * | failed    | ignored                      | ignored          | ignored                 | ignored         | -               |
 * | finished  | pg's                         | pg's             | pg's                    | pg's            | pg's            |
 */
export class ReplicationStream implements AsyncDisposable {
  readonly #options: ReplicationStreamOptions
  readonly #socket: CopySocket
  /** Takes what the socket brings. */
  #filling = new ReceiveBuffer()
  /** What the consumer reads, or may be filled next. */
  #lent = new ReceiveBuffer()
  /** Bytes of whole messages at the start of `#filling`. */
  #wholeBytes = 0
  /** How many of these messages are frames. */
  #frames = 0
  #state: 'starting' | 'streaming' | 'ending' | 'failed' | 'finished' = 'starting'
  #failure: unknown
  #isPaused = false
  #isResting = false
  #isInterrupted = false
  #positions: ConsumedPositions = { written: lsnNone, flushed: lsnNone, applied: lsnNone }
  #receivedAtMs = performance.now()
  #timer: NodeJS.Timeout | undefined
  /** Called whenever the state or what waits to be taken has changed. */
  #wake = () => {}

  /**
   * Starts replication on an idle session, which is the stream's alone until it ends.
   *
   * @throws POSTGRES_STATEMENT_FAILED and others by the server's SQLSTATE, which is in `details.sqlState`; the session is
   *   idle again then.
   */
  static async start(options: ReplicationStreamOptions): Promise<ReplicationStream> {
    const stream = new ReplicationStream(options)
    while (stream.#state === 'starting') await stream.#change()
    if (stream.#failure !== undefined) throw stream.#failure
    return stream
  }

  private constructor(options: ReplicationStreamOptions) {
    this.#options = options
    this.#socket = openCopySocket(options.session.client, {
      sql: options.command,
      onData: (chunk) => this.#guard(() => this.#onData(chunk)),
      onError: (error) => this.#onError(error),
    })
    this.#timer = setInterval(() => this.#onInterval(), options.statusIntervalMs)
    this.#timer.unref()
  }

  /**
   * The frames received since the last call, at least one unless it was interrupted; undefined when the stream has ended.
   * They are valid until the next call, which also lets the socket go on when it was paused.
   *
   * @throws CANCELLED when the session's signal is aborted. POSTGRES_CONNECTION_LOST, REPLICATION_PROTOCOL_VIOLATION, and
   *   others by the server's SQLSTATE.
   */
  async next(): Promise<ReplicationFrames | undefined> {
    while (this.#state === 'streaming' && this.#failure === undefined && !this.hasFrames && !this.#isInterrupted) {
      await this.#change()
    }
    this.#isInterrupted = false
    if (this.#failure !== undefined) throw this.#failure
    return this.#state === 'streaming' ? this.#lend() : undefined
  }

  /** Whether frames wait to be taken: `next` would return at once. */
  get hasFrames(): boolean {
    return this.#frames > 0
  }

  /** Makes the `next` that waits, or else the following one, return what there is: maybe nothing. */
  interrupt(): void {
    this.#isInterrupted = true
    this.#notify()
  }

  /**
   * Tells the server how far the consumer has come, now and every `statusIntervalMs` until it is told anew. Nothing is
   * confirmed before the first call.
   */
  confirm(positions: ConsumedPositions): void {
    this.#positions = positions
    this.#sendStatus(false)
  }

  /** Asks the server for a keep-alive, which tells how far it has come. */
  requestKeepAlive(): void {
    this.#sendStatus(true)
  }

  /**
   * Ends replication: what was received but not taken is thrown away, and the session becomes idle. A server that does not
   * let go within `stopTimeoutMs`, as when it is sending a large transaction, is left: the connection is closed.
   */
  async stop(): Promise<void> {
    if (this.#state === 'streaming') this.#end()
    const timer = setTimeout(() => this.#fail(undefined), this.#options.stopTimeoutMs)
    while (this.#state === 'ending') await this.#change()
    clearTimeout(timer)
    await this[Symbol.asyncDispose]()
  }

  /** Closes the connection unless replication has ended: for ways out that need no order. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(undefined)
    if (this.#state === 'failed') await this.#options.session.abandon()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const wakeOthers = this.#wake
      this.#wake = () => {
        wakeOthers()
        resolve()
      }
    })
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = () => {}
    wake()
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'failed' || this.#state === 'finished') return
    const nowMs = performance.now()
    const isTrickle = chunk.length < trickleBytesMax && nowMs - this.#receivedAtMs < trickleMs
    this.#receivedAtMs = nowMs
    if (isTrickle) this.#rest()
    this.#filling.append(chunk)
    this.#scan()
    if (this.#frames === 0) return
    this.#notify()
    if (this.#filling.end - this.#filling.start < this.#options.bytesMax || this.#isPaused) return
    this.#isPaused = true
    this.#socket.pause()
  }

  #onError(error: Error): void {
    if (this.#state === 'failed' || this.#state === 'finished') return
    const { session, slot } = this.#options
    const explained = session.explain(error, { doing: `replicating from slot "${slot}"` })
    // After an ordinary error the server goes on to say that it is ready; a fatal one ends the connection.
    if (isServerError(error) && error.severity === 'ERROR') this.#failure ??= explained
    else this.#fail(this.#failure ?? explained)
  }

  /** Finds the whole messages among the received bytes, and does what must not wait for the consumer. */
  #scan(): void {
    const { wire, start, end } = this.#filling
    let at = start + this.#wholeBytes
    while (end - at >= messageHeaderBytes) {
      const next = at + 1 + wire.view.getInt32(at + 1)
      if (next - at < messageHeaderBytes) throw protocolViolation('a message is shorter than its header')
      if (next > end) {
        this.#filling.expectMessage(next - start)
        break
      }
      if (wire.bytes[at] === copyDataType) {
        if (checkFrame(wire, at, next)) this.#sendStatus(false)
        this.#frames++
      } else if (this.#onMessage(at, next)) return
      at = next
      this.#wholeBytes = at - start
    }
    if (this.#state === 'ending') this.#discard()
  }

  /** Handles a message that is no frame; true when it is the last. */
  #onMessage(start: number, end: number): boolean {
    const { wire, end: receivedEnd } = this.#filling
    const type = wire.bytes[start]
    if (type === copyBothType) {
      this.#state = 'streaming'
      this.#notify()
    } else if (type === copyDoneType) {
      if (this.#state === 'streaming') this.#end()
    } else {
      const isLast = type === readyForQueryType
      // pg may keep what it is given, and this memory is used again.
      const message = Buffer.from(wire.bytes.subarray(start, isLast ? receivedEnd : end))
      if (isLast) this.#finish()
      this.#socket.forward(message)
      return isLast
    }
    return false
  }

  /** Hands out the whole messages, and goes on receiving in the other buffer. */
  #lend(): ReplicationFrames {
    const taken = this.#filling
    const wholeEnd = taken.start + this.#wholeBytes
    const filling = this.#lent
    filling.consumeTo(filling.end)
    filling.append(taken.wire.bytes.subarray(wholeEnd, taken.end))
    this.#lent = taken
    this.#filling = filling
    this.#wholeBytes = 0
    this.#frames = 0
    this.#guard(() => this.#scan())
    this.#resume()
    return new ReplicationFrames(taken.wire, taken.start, wholeEnd)
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#receivedAtMs = performance.now()
    this.#socket.resume()
  }

  /** Lets messages gather for a moment: taking each by itself costs more than decoding it. */
  #rest(): void {
    if (this.#isResting || this.#isPaused || this.#state !== 'streaming') return
    this.#isResting = true
    this.#socket.pauseAtOnce()
    setTimeout(() => {
      this.#isResting = false
      if (!this.#isPaused) this.#socket.resume()
    }, trickleMs)
  }

  #discard(): void {
    this.#filling.consumeTo(this.#filling.start + this.#wholeBytes)
    this.#wholeBytes = 0
    this.#frames = 0
  }

  /** Says that we end; the server answers alike, and then finishes the command. */
  #end(): void {
    this.#state = 'ending'
    this.#socket.write(copyDone())
    this.#resume()
    this.#notify()
  }

  #finish(): void {
    this.#socket.release()
    this.#state = 'finished'
    clearInterval(this.#timer)
    this.#notify()
  }

  #fail(error: unknown): void {
    if (this.#state === 'failed' || this.#state === 'finished') return
    this.#state = 'failed'
    this.#failure = error
    clearInterval(this.#timer)
    this.#socket.destroy()
    this.#notify()
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #sendStatus(isAnswerWished: boolean): void {
    if (this.#state === 'streaming') this.#socket.write(statusUpdate(this.#positions, isAnswerWished))
  }

  /** A consumer that is slow, or a server that has nothing to send, must not look like a lost connection. */
  #onInterval(): void {
    const { receiveTimeoutMs, slot } = this.#options
    const silentMs = this.#isPaused ? 0 : performance.now() - this.#receivedAtMs
    this.#sendStatus(silentMs > receiveTimeoutMs / 2)
    if (silentMs <= receiveTimeoutMs || this.#state === 'starting') return
    this.#fail(
      new EclusaError('POSTGRES_CONNECTION_LOST', {
        message: `The server has sent nothing for ${receiveTimeoutMs} ms while replicating from slot "${slot}".`,
        details: { slot, receiveTimeoutMs },
      }),
    )
  }
}
