import { EclusaError } from '@eclusa/sdk'
import type { WireBytes } from '../codec/value-codec.ts'

const sizeUsual = 1024 * 1024
/** The server's limit of one message is 1 GiB (MaxAllocSize); more means that the bytes are no messages. */
const messageBytesMax = 0x4000_0000

/**
 * Bytes from the socket that are not decoded yet, in one piece: a row that arrives in several chunks needs no special
 * treatment, and decoders always see the same memory. Copying each chunk here costs a few per cent of decoding it.
 */
export class ReceiveBuffer {
  wire: WireBytes = allocate(sizeUsual)
  start = 0
  end = 0

  append(chunk: Uint8Array): void {
    this.#makeRoom(chunk.length)
    this.wire.bytes.set(chunk, this.end)
    this.end += chunk.length
  }

  /** Moves the start; what lies before it is forgotten. */
  consumeTo(position: number): void {
    this.start = position
    if (this.start === this.end) this.start = this.end = 0
  }

  /** Makes room for a message that is known to be this long. @throws POSTGRES_VALUE_MALFORMED */
  expectMessage(bytes: number): void {
    if (bytes < 0 || bytes > messageBytesMax) {
      throw new EclusaError('POSTGRES_VALUE_MALFORMED', {
        message: `The server announced a message of ${bytes} bytes, which cannot be.`,
      })
    }
    if (this.start + bytes > this.wire.bytes.length) this.#moveTo(bytes + sizeUsual)
  }

  #makeRoom(bytes: number): void {
    if (this.end + bytes <= this.wire.bytes.length) return
    const pending = this.end - this.start
    // A buffer that grew for one large row is given up after it.
    const isOversized = this.wire.bytes.length > sizeUsual && pending + bytes <= sizeUsual / 2
    if (isOversized || pending + bytes > this.wire.bytes.length)
      this.#moveTo(Math.max(sizeUsual, (pending + bytes) * 2))
    else this.#moveDown(this.wire)
  }

  #moveTo(size: number): void {
    this.#moveDown(size > this.wire.bytes.length || size === sizeUsual ? allocate(size) : this.wire)
  }

  #moveDown(target: WireBytes): void {
    target.bytes.set(this.wire.bytes.subarray(this.start, this.end), 0)
    this.wire = target
    this.end -= this.start
    this.start = 0
  }
}

function allocate(size: number): WireBytes {
  const memory = new ArrayBuffer(size)
  return { bytes: Buffer.from(memory), view: new DataView(memory) }
}
