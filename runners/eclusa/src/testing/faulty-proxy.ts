import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Stands between a client and a server, and resets every connection when told. */
export interface FaultyProxy extends AsyncDisposable {
  readonly port: number
  /** Resets all connections once so many more bytes have come from the server; undefined: never. */
  resetAfter(bytes: number | undefined): void
}

export async function openFaultyProxy({ host, port }: { host: string; port: number }): Promise<FaultyProxy> {
  const sockets = new Set<Socket>()
  let bytesLeft = Infinity
  const reset = () => {
    bytesLeft = Infinity
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const server = createServer((client) => {
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
    upstream.pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    resetAfter: (bytes) => {
      bytesLeft = bytes ?? Infinity
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
