import type { WireBytes } from '../codec/value-codec.ts'

/** Messages of pgoutput in memory, one after the other: as they were received, or as they were kept. */
export interface MessageCursor {
  /** The memory that holds the messages. */
  readonly wire: WireBytes
  /** True: there is no message, only the position `walEnd` of the server. */
  readonly isKeepAlive: boolean
  readonly start: number
  readonly end: number
  readonly walEnd: bigint
  /** Goes on to the next message; false when there is none. */
  next(): boolean
}

const lengthBytes = 4

/** Messages one behind the other, each behind its 32-bit length. */
export class KeptMessages implements MessageCursor {
  readonly wire: WireBytes
  readonly isKeepAlive = false
  readonly walEnd = 0n
  start = 0
  end = 0
  readonly #bytes: number

  /** @param bytes in use, from the first one. */
  constructor(wire: WireBytes, bytes: number) {
    this.wire = wire
    this.#bytes = bytes
  }

  next(): boolean {
    if (this.end === this.#bytes) return false
    this.start = this.end + lengthBytes
    this.end = this.start + this.wire.view.getInt32(this.end)
    return true
  }
}

/** Memory that messages are kept in; see KeptMessages. */
export class MessageBlock {
  readonly wire: WireBytes
  bytesUsed = 0

  constructor(size: number) {
    const memory = new ArrayBuffer(size)
    this.wire = { bytes: Buffer.from(memory), view: new DataView(memory) }
  }

  /** False when there is no room for it. */
  append({ bytes }: WireBytes, start: number, end: number): boolean {
    const at = this.bytesUsed + lengthBytes
    if (at + (end - start) > this.wire.bytes.length) return false
    this.wire.view.setInt32(this.bytesUsed, end - start)
    bytes.copy(this.wire.bytes, at, start, end)
    this.bytesUsed = at + (end - start)
    return true
  }

  static sizeFor(bytes: number): number {
    return bytes + lengthBytes
  }
}
