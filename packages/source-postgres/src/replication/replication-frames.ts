import type { WireBytes } from '../codec/value-codec.ts'
import { messageHeaderBytes, copyDataType } from '../copy-reader/tuple-decoder.ts'
import type { Lsn } from './lsn.ts'
import { protocolViolation } from './protocol-violation.ts'

/*
 * What a walsender sends within CopyData (PostgreSQL docs, "Streaming Replication Protocol"): XLogData is `w`, two
 * positions, a time and a message of the output plugin; a keep-alive is `k`, a position, a time and a wish for an answer.
 */

const walDataType = 0x77
const keepAliveType = 0x6b
const walDataHeaderBytes = messageHeaderBytes + 1 + 3 * 8
const keepAliveBytes = messageHeaderBytes + 1 + 2 * 8 + 1

/**
 * A cursor over frames that were received; see ReplicationStream for how long it is valid. Only `next` moves it, and
 * nothing is made of a frame unless it is asked for.
 */
export class ReplicationFrames {
  /** The memory that holds the frames. */
  wire: WireBytes
  /** True: the frame has no message; `walEnd` says how far the server has come. */
  isKeepAlive = false
  /** Where the plugin's message lies. */
  start = 0
  end = 0
  #at = 0
  #next: number
  readonly #framesEnd: number

  constructor(wire: WireBytes, start: number, end: number) {
    this.wire = wire
    this.#next = start
    this.#framesEnd = end
  }

  /** There are no more. */
  get isEmpty(): boolean {
    return this.#next >= this.#framesEnd
  }

  /** Goes on to the next frame; false when there is none. */
  next(): boolean {
    const { bytes, view } = this.wire
    let at = this.#next
    while (at < this.#framesEnd) {
      const next = at + 1 + view.getInt32(at + 1)
      if (bytes[at] === copyDataType) {
        this.#at = at
        this.#next = next
        this.isKeepAlive = bytes[at + messageHeaderBytes] === keepAliveType
        this.start = this.isKeepAlive ? next : at + walDataHeaderBytes
        this.end = next
        return true
      }
      at = next
    }
    this.#next = at
    return false
  }

  /** Where the message lies in the write-ahead log; of many, where the record begins that caused it, or none (0). */
  get walStart(): Lsn {
    return this.isKeepAlive ? this.walEnd : this.#lsn(0)
  }

  /** How far the server had read (of a keep-alive) or written (of a message) the log when it sent the frame. */
  get walEnd(): Lsn {
    return this.#lsn(this.isKeepAlive ? 0 : 8)
  }

  #lsn(offset: number): Lsn {
    return this.wire.view.getBigUint64(this.#at + messageHeaderBytes + 1 + offset)
  }
}

/** Fails unless the CopyData message is a frame; true for a keep-alive that wishes an answer. */
export function checkFrame({ bytes }: WireBytes, start: number, end: number): boolean {
  const type = bytes[start + messageHeaderBytes]
  if (type === walDataType && end - start >= walDataHeaderBytes) return false
  if (type === keepAliveType && end - start === keepAliveBytes) return bytes[end - 1] === 1
  throw protocolViolation('a frame is neither data nor a keep-alive')
}

/** How far the consumer has come: what it received, what is durable, and what is visible to its readers. */
export interface ConsumedPositions {
  readonly written: Lsn
  /** The slot advances to this position: nothing before it is sent again. */
  readonly flushed: Lsn
  readonly applied: Lsn
}

const postgresEpochMs = 946_684_800_000

/** Message CopyData with a standby status update. */
export function statusUpdate({ written, flushed, applied }: ConsumedPositions, isAnswerWished: boolean): Buffer {
  const message = Buffer.alloc(messageHeaderBytes + 34)
  message.write('d')
  message.writeInt32BE(message.length - 1, 1)
  message.write('r', 5)
  message.writeBigUInt64BE(written, 6)
  message.writeBigUInt64BE(flushed, 14)
  message.writeBigUInt64BE(applied, 22)
  message.writeBigInt64BE(BigInt(Date.now() - postgresEpochMs) * 1000n, 30)
  message.writeUInt8(isAnswerWished ? 1 : 0, 38)
  return message
}

/** Message CopyDone. */
export function copyDone(): Buffer {
  return Buffer.from([0x63, 0, 0, 0, 4])
}
