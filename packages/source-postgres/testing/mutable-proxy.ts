import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Passes bytes on, until it is told to swallow what the server says. */
export interface MutableProxy extends AsyncDisposable {
  readonly port: number
  /** On today's connections the server is not heard any more, and nobody is told; new ones work. */
  mute(): void
}

export async function startMutableProxy(target: { host: string; port: number }): Promise<MutableProxy> {
  const sockets: Socket[] = []
  const muted = new Set<Socket>()
  const proxy = createServer((client) => {
    const upstream = connect(target.port, target.host)
    sockets.push(client, upstream)
    client.pipe(upstream)
    upstream.on('data', (chunk) => muted.has(upstream) || client.write(chunk))
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
    client.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as AddressInfo).port,
    mute: () => sockets.forEach((socket) => muted.add(socket)),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}
