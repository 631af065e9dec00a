import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A TCP proxy that hands on what the server sends in pieces of its own choice, or cuts the connection. */
export interface ChoppingProxy extends AsyncDisposable {
  readonly port: number
  /** Bytes of each next piece that the client gets; undefined hands everything on as it comes. */
  pieceBytes: (() => number) | undefined
  /** Bytes that the client still gets before the connection is cut. */
  bytesLeft: number
}

export async function startChoppingProxy(serverPort: number): Promise<ChoppingProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay()
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
        sockets.delete(socket)
      })
    }
    client.pipe(upstream)
    void handOn(upstream, client, proxy)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: ChoppingProxy = {
    port: (server.address() as AddressInfo).port,
    pieceBytes: undefined,
    bytesLeft: Infinity,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

async function handOn(upstream: Socket, client: Socket, proxy: ChoppingProxy): Promise<void> {
  try {
    for await (const chunk of upstream as AsyncIterable<Buffer>) {
      let at = 0
      while (at < chunk.length) {
        const size = Math.min(proxy.pieceBytes?.() ?? chunk.length, chunk.length - at, proxy.bytesLeft)
        const piece = chunk.subarray(at, at + size)
        proxy.bytesLeft -= size
        at += size
        // A turn of the event loop, so that the client reads the piece by itself.
        await new Promise<void>((resolve) => client.write(piece, () => setImmediate(resolve)))
        if (proxy.bytesLeft > 0) continue
        client.destroy()
        return
      }
    }
  } catch {
    client.destroy()
  }
}
