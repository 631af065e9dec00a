import { getDefaultHighWaterMark } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { Client, Connection } from 'pg'

/*
 * pg connects, authenticates and speaks TLS; for the duration of one COPY, or of replication, its socket's
 * data comes here first. pg's own
 * parser would make an object of every message. Messages other than CopyData go on to that parser, so that pg keeps
 * track of the session: to pg this is a query like any other, which it queues, finishes and fails.
 */

type DataListener = (chunk: Buffer) => void

export interface CopySocketHandlers {
  readonly sql: string
  /** Takes all of the socket's data from when the query was sent until `release`; a chunk is valid during the call. */
  readonly onData: DataListener
  /** The server reported an error, the connection was lost, or pg refused the query. */
  readonly onError: (error: Error) => void
}

/** The server's connection as the reader sees it. */
export interface CopySocket {
  /** Hands bytes of other messages to pg. */
  forward(message: Buffer): void
  /** Sends bytes to the server, as commands that talk both ways need. */
  write(message: Buffer): void
  pause(): void
  /**
   * Pauses at the next chunk. Otherwise a paused stream goes on taking chunks until it holds as many bytes as it may, and
   * each wakes the process.
   */
  pauseAtOnce(): void
  resume(): void
  /** Gives the socket's data back to pg: the server is ready for the next query. */
  release(): void
  /** Ends the connection at once. */
  destroy(): void
}

/** Sends the query as soon as the client is idle. */
export function openCopySocket(client: Client, { sql, onData, onError }: CopySocketHandlers): CopySocket {
  let stream: Duplex | undefined
  let pgListeners: DataListener[] = []
  // pg reports a lost connection to the query and as an event of the client, which without a listener ends the process.
  client.on('error', onError)

  const takeChunk = (chunk: Buffer) => {
    onData(chunk)
    freeChunk(chunk)
  }
  const restoreListeners = () => {
    stream?.off('data', takeChunk)
    if (stream !== undefined) readableState(stream).highWaterMark = getDefaultHighWaterMark(false)
    for (const listener of pgListeners) stream?.on('data', listener)
    // The end may have been among data that were received before a pause.
    stream?.resume()
    stream = undefined
  }

  client.query({
    submit(connection: Connection) {
      stream = streamOf(connection)
      pgListeners = stream.listeners('data') as DataListener[]
      for (const listener of pgListeners) stream.off('data', listener)
      stream.on('data', takeChunk)
      stream.write(queryMessage(sql))
    },
    handleError: onError,
    handleCommandComplete() {},
    handleReadyForQuery() {},
    handleEmptyQuery() {},
  })

  return {
    forward: (message) => {
      for (const listener of pgListeners) listener(message)
    },
    write: (message) => stream?.write(message),
    pause: () => stream?.pause(),
    pauseAtOnce: () => {
      if (stream !== undefined) readableState(stream).highWaterMark = 0
      stream?.pause()
    },
    resume: () => {
      if (stream !== undefined) readableState(stream).highWaterMark = getDefaultHighWaterMark(false)
      stream?.resume()
    },
    release() {
      restoreListeners()
      client.off('error', onError)
    },
    destroy() {
      const { connection } = client as unknown as { connection: Connection }
      // Told that it is ending, pg does not report the loss of the connection as an error.
      void client.end().catch(() => {})
      streamOf(connection).destroy()
      // The listener for errors stays: what pg may still report of this connection is known.
      restoreListeners()
    },
  }
}

/**
 * Gives the memory of a chunk back at once. It lies outside of JavaScript's heap, where the garbage collector looks for
 * it only in a full collection: left alone, chunks cause one for every 20 MB, which took a quarter of the reader's time.
 */
function freeChunk({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

/** The socket, or the TLS socket that replaced it: part of pg's connection, but not of its type declarations. */
function streamOf(connection: Connection): Duplex {
  return (connection as unknown as { stream: Duplex }).stream
}

/** Part of every stream of Node, but not of its type declarations: how many bytes it may hold when it is paused. */
function readableState(stream: Duplex): { highWaterMark: number } {
  return (stream as unknown as { _readableState: { highWaterMark: number } })._readableState
}

/** Message Query of the simple protocol: `Q`, length, the text, NUL. */
function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`)
  const header = Buffer.alloc(5)
  header.write('Q')
  header.writeInt32BE(4 + text.length, 1)
  return Buffer.concat([header, text])
}
