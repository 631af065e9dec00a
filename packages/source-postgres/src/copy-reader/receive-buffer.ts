import { EclusaError } from '@eclusa/sdk'
import { freeNow, sizeKeptMax } from '../codec/buffer-pool.ts'
import type { WireBytes } from '../codec/value-codec.ts'
import { messageHeaderBytes } from './tuple-decoder.ts'

const sizeUsual = 1024 * 1024
/** What the server can send as one message (MaxAllocSize, and the message's header); more means that it is none. */
const messageBytesMax = 0x3fff_ffff + messageHeaderBytes

/**
 * Bytes from the socket that are not decoded yet, in one piece: a row that arrives in several chunks needs no special
 * treatment, and decoders always see the same memory. Copying each chunk here costs a few per cent of decoding it.
 */
export class ReceiveBuffer {
  wire = allocate(sizeUsual)
  start = 0
  end = 0

  append(chunk: Uint8Array): void {
    if (this.end + chunk.length > this.wire.bytes.length) this.#rearrange(this.end - this.start + chunk.length)
    this.wire.bytes.set(chunk, this.end)
    this.end += chunk.length
  }

  /** Moves the start; what lies before it is forgotten. */
  consumeTo(position: number): void {
    this.start = position
    if (this.start === this.end) this.start = this.end = 0
    if (this.wire.bytes.length > sizeKeptMax && this.end - this.start < sizeUsual) this.#moveTo(allocate(sizeUsual))
  }

  /** Makes room for a message that is known to be this long. @throws POSTGRES_VALUE_MALFORMED */
  expectMessage(bytes: number): void {
    if (bytes < 0 || bytes > messageBytesMax) {
      throw new EclusaError('POSTGRES_VALUE_MALFORMED', {
        message: `The server announced a message of ${bytes} bytes, which cannot be.`,
      })
    }
    if (this.start + bytes > this.wire.bytes.length) this.#rearrange(bytes)
  }

  /** Moves what is not decoded to the front: of another buffer, where this one is too small or was for a huge row. */
  #rearrange(bytesNeeded: number): void {
    const size = this.wire.bytes.length
    const isTooSmall = bytesNeeded > size
    const isTooLarge = size > sizeUsual && bytesNeeded < sizeUsual / 2
    this.#moveTo(isTooSmall ? allocate(bytesNeeded + sizeUsual) : isTooLarge ? allocate(sizeUsual) : this.wire)
  }

  #moveTo(target: OwnedBytes): void {
    const old = this.wire
    target.bytes.set(old.bytes.subarray(this.start, this.end), 0)
    this.wire = target
    this.end -= this.start
    this.start = 0
    if (target !== old) freeNow(old.view.buffer)
  }
}

type OwnedBytes = WireBytes & { readonly view: DataView<ArrayBuffer> }

function allocate(size: number): OwnedBytes {
  const memory = new ArrayBuffer(size)
  return { bytes: Buffer.from(memory), view: new DataView(memory) }
}
