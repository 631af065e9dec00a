import { isUtf8 } from 'node:buffer'
import type { WireBytes } from '../codec/value-codec.ts'
import type { Lsn } from './lsn.ts'
import { protocolViolation } from './protocol-violation.ts'

/** Microseconds from 1970 to 2000, where PostgreSQL's times begin. */
const postgresEpochUs = 946_684_800_000_000n

/** Reads the fields of one message in turn, and never beyond its end. */
export class MessageFields {
  readonly #wire: WireBytes
  #at: number
  readonly #end: number

  constructor(wire: WireBytes, start: number, end: number) {
    this.#wire = wire
    this.#at = start
    this.#end = end
  }

  get bytesLeft(): number {
    return this.#end - this.#at
  }

  byte(): number {
    return this.#wire.bytes[this.#advance(1)]!
  }

  count16(): number {
    const count = this.#wire.view.getInt16(this.#advance(2))
    if (count < 0) throw protocolViolation(`a message counts ${count} fields`)
    return count
  }

  int32(): number {
    return this.#wire.view.getInt32(this.#advance(4))
  }

  uint32(): number {
    return this.#wire.view.getUint32(this.#advance(4))
  }

  lsn(): Lsn {
    return this.#wire.view.getBigUint64(this.#advance(8))
  }

  /** Microseconds since 1970. */
  timeUs(): bigint {
    return this.#wire.view.getBigInt64(this.#advance(8)) + postgresEpochUs
  }

  /** A text that NUL ends. */
  text(): string {
    const { bytes } = this.#wire
    const start = this.#at
    const end = bytes.indexOf(0, start)
    if (end === -1 || end >= this.#end) throw endsEarly()
    this.#at = end + 1
    if (!isUtf8(bytes.subarray(start, end))) throw protocolViolation('a name is not valid UTF-8')
    return bytes.toString('utf8', start, end)
  }

  /** A copy: the wire's memory is used again. */
  content(): Buffer {
    const length = this.uint32()
    const start = this.#advance(length)
    return Buffer.from(this.#wire.bytes.subarray(start, start + length))
  }

  /** Fails unless all was read. */
  finish(): void {
    if (this.bytesLeft > 0) throw protocolViolation(`a message has ${this.bytesLeft} bytes too many`)
  }

  #advance(bytes: number): number {
    const start = this.#at
    if (bytes > this.#end - start) throw endsEarly()
    this.#at = start + bytes
    return start
  }
}

export function endsEarly(): Error {
  return protocolViolation('a message ends before its last field')
}
