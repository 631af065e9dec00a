// Test files run in processes that come and go, and a server takes a second to start. The broker lives in the process
// that lives as long as the suite and starts each wanted server once, when the first test asks for it, so a run
// without database tests starts none.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'

import * as z from 'zod'

import { LOOPBACK } from './port.ts'
import { startPostgresLocal } from './postgres-local.ts'
import type { PostgresLocal } from './postgres-local.ts'

/** Names the broker's address to the processes of a test run. */
const BROKER_VARIABLE = 'ECLUSA_TEST_POSTGRES_BROKER'

const requestSchema = z.object({
  binaries: z.string().exactOptional(),
  settings: z.record(z.string(), z.string()),
})

const addressSchema = z.object({
  host: z.string(),
  port: z.int(),
  user: z.string(),
  password: z.string(),
  version: z.string(),
})

const answerSchema = z.union([addressSchema, z.object({ error: z.string() })])

export type ServerRequest = z.infer<typeof requestSchema>
export type ServerAddress = Readonly<z.infer<typeof addressSchema>>

/** Starts the broker and tells the processes started from now on; returns what ends it with all its servers. */
export async function startBroker(): Promise<() => Promise<void>> {
  const servers = new Map<string, Promise<PostgresLocal>>()
  const answer = async (request: IncomingMessage): Promise<z.infer<typeof answerSchema>> => {
    const wanted = requestSchema.parse(await json(request))
    const key = JSON.stringify(wanted)
    const starting = servers.get(key) ?? startPostgresLocal(wanted)
    servers.set(key, starting)
    const { host, port, user, password, version } = await starting
    return { host, port, user, password, version }
  }
  // A request names programs to run, so other users of the machine must not be able to send one.
  const secretPath = `/${randomBytes(24).toString('base64url')}`
  const broker = createServer((request, response) => {
    if (request.url !== secretPath) {
      response.writeHead(404).end()
      return
    }
    answer(request)
      .catch((error: unknown) => ({ error: String(error) }))
      .then((body) => response.end(JSON.stringify(body)))
      .catch(() => response.destroy())
  })
  broker.listen(0, LOOPBACK)
  await once(broker, 'listening')
  broker.unref()
  const address = broker.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a numeric port')
  process.env[BROKER_VARIABLE] = `http://${LOOPBACK}:${address.port}${secretPath}`
  return async () => {
    broker.close()
    await Promise.all(
      [...servers.values()].map((starting) =>
        starting.then(
          (server) => server.stop(),
          () => undefined,
        ),
      ),
    )
  }
}

/** Asks the broker of this test run for a server; undefined when the run has no broker. */
export async function requestServer(request: ServerRequest): Promise<ServerAddress | undefined> {
  const broker = process.env[BROKER_VARIABLE]
  if (broker === undefined) return undefined
  const response = await fetch(broker, { method: 'POST', body: JSON.stringify(request) })
  const answer = answerSchema.parse(await response.json())
  if ('error' in answer) throw new Error(answer.error)
  return answer
}
