import type { Duplex } from 'node:stream'
import { freeNow } from '../codec/buffer-pool.ts'

/*
 * pg's parser gathers a message that arrives in chunks by doubling a buffer, and leaves every one of them to the garbage
 * collector: a row of 100 MB takes 300. Here such a message is gathered beforehand, in memory of its size that is given
 * back when the parser has read it; whatever else arrives goes to the parser as it is.
 */

/** A message beyond this is gathered here. */
const hugeBytes = 1024 * 1024
/** Type byte and length word; the length counts itself. */
const headerBytes = 5

/** Puts itself before the listeners of an idle connection's socket, until the returned function is called. */
export function gatherHugeMessages(socket: Duplex): () => void {
  const listeners = socket.listeners('data') as ((chunk: Buffer) => void)[]
  const gatherer = new MessageGatherer((bytes) => {
    for (const listener of listeners) listener(bytes)
  })
  const take = (chunk: Buffer) => gatherer.take(chunk)
  for (const listener of listeners) socket.off('data', listener)
  socket.on('data', take)
  return () => {
    socket.off('data', take)
    for (const listener of listeners) socket.on('data', listener)
  }
}

/** Divides what arrives into messages, from the beginning of one on. */
export class MessageGatherer {
  readonly #forward: (bytes: Buffer) => void
  /** Bytes of a usual message that are still to come. */
  #bytesLeft = 0
  /** A huge message, as far as it has come. */
  #huge: { readonly bytes: Buffer<ArrayBuffer>; filled: number } | undefined
  /** The beginning of a header that ended with its chunk. */
  #head: Buffer = Buffer.alloc(0)

  constructor(forward: (bytes: Buffer) => void) {
    this.#forward = forward
  }

  take(received: Buffer): void {
    const chunk = this.#head.length === 0 ? received : Buffer.concat([this.#head, received])
    this.#head = chunk.subarray(0, 0)
    let at = this.#huge === undefined ? 0 : this.#fill(chunk, 0)
    let forwarded = at
    while (at < chunk.length) {
      const end = this.#bytesLeft > 0 ? at + this.#bytesLeft : endOfMessage(chunk, at)
      if (end === undefined) {
        this.#head = Buffer.from(chunk.subarray(at))
        break
      }
      if (this.#bytesLeft === 0 && end - at > hugeBytes && end < Infinity) {
        this.#pass(chunk, forwarded, at)
        this.#huge = { bytes: Buffer.from(new ArrayBuffer(end - at)), filled: 0 }
        at = forwarded = this.#fill(chunk, at)
        continue
      }
      at = Math.min(end, chunk.length)
      this.#bytesLeft = end - at
    }
    this.#pass(chunk, forwarded, at)
  }

  #pass(chunk: Buffer, start: number, end: number): void {
    if (start < end) this.#forward(chunk.subarray(start, end))
  }

  /** Copies what the chunk has of the huge message, and returns where that ends. */
  #fill(chunk: Buffer, start: number): number {
    const huge = this.#huge!
    const copied = chunk.copy(huge.bytes, huge.filled, start)
    huge.filled += copied
    if (huge.filled === huge.bytes.length) {
      this.#huge = undefined
      this.#forward(huge.bytes)
      freeNow(huge.bytes.buffer)
    }
    return start + copied
  }
}

/** Undefined: the header is not complete. A length that cannot be is left to the parser, with all that follows. */
function endOfMessage(chunk: Buffer, start: number): number | undefined {
  if (chunk.length - start < headerBytes) return undefined
  const bytes = 1 + chunk.readInt32BE(start + 1)
  return bytes < headerBytes ? Infinity : start + bytes
}
