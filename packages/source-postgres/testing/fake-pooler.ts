import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { TestServer } from '@eclusa/postgres-local/testing'

export interface FakePooler extends AsyncDisposable {
  readonly port: number
}

/** BackendKeyData: `K`, a length of 12, the process id, the key. */
const keyDataHead = Buffer.from([0x4b, 0, 0, 0, 12])
const processIdInvented = 1

/**
 * Stands between like PgBouncer: it makes up the process id that the server announces at login and, as in its pool mode
 * `statement`, refuses transactions; as older versions of it, it refuses replication.
 */
export async function startFakePooler(
  server: TestServer,
  { permitsTransactions, permitsReplication = true }: { permitsTransactions: boolean; permitsReplication?: boolean },
): Promise<FakePooler> {
  const listener = createServer((client) => {
    const upstream = connect(server.port, server.host)
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
    client.on('data', (data) => {
      if (!permitsReplication && data.includes('replication\0'))
        client.end(errorResponse('08P01', 'unsupported startup parameter: replication'))
      else if (!permitsTransactions && data.includes('BEGIN TRANSACTION'))
        client.end(errorResponse('08P01', 'transaction blocks not allowed in statement pooling mode'))
      else upstream.write(data)
    })
    upstream.on('data', (data) => {
      const at = data.indexOf(keyDataHead)
      if (at >= 0) data.writeInt32BE(processIdInvented, at + keyDataHead.length)
      client.write(data)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    port: (listener.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void listener.close(),
  }
}

function errorResponse(state: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${state}\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
