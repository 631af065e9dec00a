/* The limit where there is no psql: our own socket reader, which walks the frames of COPY BINARY and decodes nothing. */
import type { Socket } from 'node:net'
import pg from 'pg'
import { measure, report } from '../measurement.ts'

const [url, ...tables] = process.argv.slice(2) as [string, ...string[]]
const copyData = 0x64
const readyForQuery = 0x5a
const headerBytes = 5

/** Counts CopyData frames; the header and the trailer of a binary copy are frames, or parts of frames, of their own. */
async function walkFrames(socket: Socket, sql: string): Promise<number> {
  let frames = 0
  let skip = 0
  let partial: Buffer = Buffer.alloc(0)
  const finished = Promise.withResolvers<number>()
  const onData = (chunk: Buffer): void => {
    let bytes = partial.length > 0 ? Buffer.concat([partial, chunk]) : chunk
    while (bytes.length > 0) {
      if (skip > 0) {
        const passed = Math.min(skip, bytes.length)
        skip -= passed
        bytes = bytes.subarray(passed)
        continue
      }
      if (bytes.length < headerBytes) break
      if (bytes[0] === copyData) frames += 1
      if (bytes[0] === readyForQuery) finished.resolve(frames)
      skip = bytes.readInt32BE(1) + 1
    }
    partial = skip > 0 ? Buffer.alloc(0) : bytes
  }
  socket.on('data', onData)
  const text = Buffer.from(`${sql}\0`)
  const head = Buffer.from([0x51, 0, 0, 0, 0])
  head.writeInt32BE(text.length + 4, 1)
  socket.write(Buffer.concat([head, text]))
  const counted = await finished.promise
  socket.off('data', onData)
  return counted
}

const client = new pg.Client(url)
await client.connect()
const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
stream.removeAllListeners('data')
report(
  await measure(async () => {
    let rows = 0
    for (const table of tables) rows += (await walkFrames(stream, `copy ${table} to stdout (format binary)`)) - 1
    return rows
  }),
)
stream.destroy()
