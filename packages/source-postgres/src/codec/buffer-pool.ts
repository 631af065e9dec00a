/** Buffers that batches gave back, kept for the next ones. One pool can serve several readers of a run. */
export interface BufferPool {
  /** A buffer of at least this many bytes; its contents are arbitrary. */
  take(bytes: number): ArrayBuffer
  /** Takes buffers back, also those that are new objects after a transfer to another thread and home again. */
  give(buffers: readonly ArrayBuffer[]): void
}
