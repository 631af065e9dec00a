import { connect } from 'node:net'
import type { Client } from 'pg'

const cancelRequestCode = 80_877_102
const deadlineMs = 2_000

/** What `pg` has and its declarations leave out. */
interface BackendKey {
  readonly host: string
  readonly port: number
  readonly processID: number | null
  readonly secretKey: number | null
}

/**
 * Asks the server to cancel what the client's session is doing (PostgreSQL docs, "Canceling Requests in Progress"). A
 * server that computes without sending notices a closed socket only when it sends again. Best effort: resolves when
 * the server took the request, could not be reached, or after two seconds. Sent without TLS, as libpq did before
 * version 17: it holds no secret but its own key.
 *
 * @param options.isAwaited false: the process may end before the request is through.
 */
export function requestCancel(client: Client, { isAwaited }: { readonly isAwaited: boolean }): Promise<void> {
  const { host, port, processID, secretKey } = client as unknown as BackendKey
  if (processID === null || secretKey === null) return Promise.resolve()
  const message = Buffer.alloc(16)
  message.writeInt32BE(16, 0)
  message.writeInt32BE(cancelRequestCode, 4)
  message.writeInt32BE(processID, 8)
  message.writeInt32BE(secretKey, 12)
  return new Promise((resolve) => {
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
    if (!isAwaited) socket.unref()
    socket.setTimeout(deadlineMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    // The server answers nothing: it closes the connection when it has signalled the session.
    socket.on('close', () => resolve())
    socket.resume()
    socket.end(message)
  })
}
