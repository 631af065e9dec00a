import type { Client } from 'pg'
import { openCopySocket } from '../src/copy-reader/copy-socket.ts'

/** The CopyData messages of a binary COPY as the server sent them: one per tuple, the header in the first. */
export function captureCopy(client: Client, query: string): Promise<Buffer[]> {
  const tuples: Buffer[] = []
  let received = Buffer.alloc(0)
  return new Promise((resolve, reject) => {
    const socket = openCopySocket(client, {
      sql: `COPY (${query}) TO STDOUT (FORMAT binary)`,
      onError: reject,
      onData(chunk) {
        received = Buffer.concat([received, chunk])
        for (let end = messageEnd(received); end <= received.length; end = messageEnd(received)) {
          const message = received.subarray(0, end)
          received = received.subarray(end)
          const type = message.toString('latin1', 0, 1)
          if (type === 'd') tuples.push(message)
          else if (type === 'Z') {
            socket.release()
            resolve(tuples)
          }
          if (type !== 'd') socket.forward(message)
        }
      },
    })
  })
}

function messageEnd(bytes: Buffer): number {
  return bytes.length < 5 ? Infinity : 1 + bytes.readInt32BE(1)
}
