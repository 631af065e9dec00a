/** Buffers that batches gave back, kept for the next ones. One pool can serve several readers of a run. */
export interface BufferPool {
  /** A buffer of at least this many bytes; its contents are arbitrary. */
  take(bytes: number): ArrayBuffer
  /** Takes buffers back, also those that are new objects after a transfer to another thread and home again. */
  give(buffers: readonly ArrayBuffer[]): void
}

/** Sizes are powers of two from here, so that a returned buffer fits the next request for about as much. */
const sizeMin = 1024
/** What usual batches need at most. A larger buffer holds a huge row: it is made as large as needed, and never kept. */
export const sizeKeptMax = 16 * 1024 * 1024

/**
 * @param options.bytesMax what the pool keeps at most; buffers beyond it are left to the garbage collector.
 */
export function createBufferPool({ bytesMax }: { readonly bytesMax: number }): BufferPool {
  const free = new Map<number, ArrayBuffer[]>()
  let bytesKept = 0
  return {
    take(bytes) {
      const size = sizeFor(bytes)
      const buffer = free.get(size)?.pop()
      if (buffer === undefined) return new ArrayBuffer(size)
      bytesKept -= size
      return buffer
    },
    give(buffers) {
      for (const buffer of buffers) {
        const size = buffer.byteLength
        if (size > sizeKeptMax) {
          freeNow(buffer)
          continue
        }
        // Detached buffers have no bytes; other sizes were not made here.
        if (size !== sizeFor(size) || bytesKept + size > bytesMax) continue
        bytesKept += size
        const sameSize = free.get(size)
        if (sameSize) sameSize.push(buffer)
        else free.set(size, [buffer])
      }
    },
  }
}

/**
 * Gives memory back at once. It lies outside of JavaScript's heap, where the garbage collector takes notice of it late:
 * left alone, several huge rows would be in memory at a time.
 */
export function freeNow(buffer: ArrayBuffer): void {
  buffer.transfer(0)
}

function sizeFor(bytes: number): number {
  if (bytes > sizeKeptMax) return bytes
  return bytes <= sizeMin ? sizeMin : 2 ** Math.ceil(Math.log2(bytes))
}
