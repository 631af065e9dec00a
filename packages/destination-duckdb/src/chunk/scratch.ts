/** Memory that is written, copied into a vector, and written again; it grows to the largest vector seen. */
export interface Scratch {
  readonly buffer: ArrayBuffer
  readonly bytes: Uint8Array
  readonly int16: Int16Array
  readonly int32: Int32Array
  readonly uint32: Uint32Array
}

let scratch = allocate(2048 * 16)

/** The same memory on each call, at least `bytes` long. Writers run one after the other in one thread. */
export function scratchOf(bytes: number): Scratch {
  if (scratch.buffer.byteLength < bytes) scratch = allocate(2 ** Math.ceil(Math.log2(bytes)))
  return scratch
}

function allocate(bytes: number): Scratch {
  const buffer = new ArrayBuffer(bytes)
  return {
    buffer,
    bytes: new Uint8Array(buffer),
    int16: new Int16Array(buffer),
    int32: new Int32Array(buffer),
    uint32: new Uint32Array(buffer),
  }
}
