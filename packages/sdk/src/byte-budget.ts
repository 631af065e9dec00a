/** How many bytes of batches may be alive at once in one part of a run, and how large one batch may grow. */
export interface ByteBudget {
  readonly bytesMax: number
  readonly batchBytesMax: number
  readonly batchRowsMax: number
}

const batchRowsDefault = 32_768
const batchBytesCeiling = 16 * 1024 * 1024
const batchBytesFloor = 64 * 1024

/**
 * Divides memory among what is active at once. A batch gets a quarter of its reader's share, so that one can be filled
 * while others wait to be taken, but never more than 16 MiB nor less than 64 KiB.
 */
export function byteBudget(options: {
  readonly bytesMax: number
  readonly readers: number
  readonly batchRowsMax?: number
}): ByteBudget {
  const share = Math.floor(options.bytesMax / Math.max(1, options.readers))
  return {
    bytesMax: options.bytesMax,
    batchBytesMax: Math.min(batchBytesCeiling, Math.max(batchBytesFloor, Math.floor(share / 4))),
    batchRowsMax: options.batchRowsMax ?? batchRowsDefault,
  }
}
