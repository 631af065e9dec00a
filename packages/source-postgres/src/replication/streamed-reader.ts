import { PgoutputReader } from './pgoutput-reader.ts'

const streamStartBytes = 6

/** A reader for messages that were kept of a streamed transaction: it begins within a block of it. */
export function streamedReader(xid: number): PgoutputReader {
  const memory = new ArrayBuffer(streamStartBytes)
  const view = new DataView(memory)
  view.setUint8(0, 'S'.charCodeAt(0))
  view.setUint32(1, xid)
  const reader = new PgoutputReader()
  reader.read({ bytes: Buffer.from(memory), view }, 0, streamStartBytes)
  return reader
}
