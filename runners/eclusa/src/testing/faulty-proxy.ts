import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Transform } from 'node:stream'

/** Stands between a client and a server, and does to their connections what networks do. */
export interface FaultyProxy extends AsyncDisposable {
  readonly port: number
  /** Resets all connections once so many more bytes have come from the server; undefined: never. */
  resetAfter(bytes: number | undefined): void
  /** Resets all connections. */
  reset(): void
  /** Ends all connections, and new ones at once, until it is mended. */
  cut(): void
  mend(): void
  /** Whatever the server sends from now on comes so much later; default 0. */
  delay(ms: number): void
  /** No byte passes on today's connections any more, in either direction, and nobody is told; new ones work. */
  silence(): void
}

export async function openFaultyProxy({ host, port }: { host: string; port: number }): Promise<FaultyProxy> {
  const sockets = new Set<Socket>()
  let bytesLeft = Infinity
  let isCut = false
  let delayMs = 0
  const reset = () => {
    bytesLeft = Infinity
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const server = createServer((client) => {
    if (isCut) return client.destroy()
    const upstream = connect(port, host)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', ({ length }: Buffer) => {
      bytesLeft -= length
      if (bytesLeft < 0) reset()
    })
    upstream.pipe(late(() => delayMs)).pipe(client)
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    resetAfter: (bytes) => {
      bytesLeft = bytes ?? Infinity
    },
    reset,
    cut: () => {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend: () => {
      isCut = false
    },
    delay: (ms) => {
      delayMs = ms
    },
    silence: () => {
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Passes everything on in order, each piece as late as is said when it comes. */
function late(delayMs: () => number): Transform {
  return new Transform({
    transform: (chunk, _, done) => {
      const ms = delayMs()
      if (ms === 0) done(null, chunk)
      else setTimeout(() => done(null, chunk), ms)
    },
  })
}
