import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FaultKind, Faults, RequestArea } from '../fault/faults.ts'
import { stagePrefix, type StageEndpoint } from '../stage/stage-endpoint.ts'
import { adminPath, answerAdmin } from './admin-endpoint.ts'
import { refuse, type Answer } from './answer.ts'
import { routes, type EndpointContext, type Route } from './endpoint.ts'
import { BodyTooLargeError, readJsonBody } from './request-body.ts'
import type { ResultSpool } from './result-spool.ts'

/** What a log may know of a request: never a statement, a value or a token. */
export interface RequestRecord {
  readonly method: string
  /** Without its query. Ids of queries are in it; ids of chunks and names of files are not. */
  readonly path: string
  readonly status: number
  readonly durationMs: number
  readonly fault: FaultKind | undefined
}

interface ServerOptions {
  readonly context: EndpointContext
  readonly stage: StageEndpoint
  readonly spool: ResultSpool
  readonly faults: Faults
  readonly onRequest: (record: RequestRecord) => void
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
}

const chunkPrefix = '/chunks/'
/** Drivers keep connections; one that is silent for so long is given up by its driver anyway. */
const keepAliveMs = 65_000

export class HttpServer {
  readonly #options: ServerOptions
  readonly #server: Server
  #address = ''

  constructor(options: ServerOptions) {
    this.#options = options
    this.#server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, (request, response) => {
      void this.#serve(request, response)
    })
  }

  /** @returns the port, which is a free one for 0 */
  async listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen(port, host, resolve)
    await promise
    const address = this.#server.address() as AddressInfo
    this.#address = `${host}:${address.port}`
    return address.port
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAtMs = performance.now()
    const url = new URL(request.url ?? '/', 'http://local')
    // A client that goes away mid-answer is its own affair.
    response.on('error', () => undefined)
    let fault: FaultKind | undefined
    try {
      fault = await this.#dispatch({ request, response, url })
    } catch (error) {
      if (!response.headersSent) sendJson(response, describeError(error))
      else response.destroy()
    }
    this.#options.onRequest({
      method: request.method ?? '',
      path: visiblePath(url.pathname),
      status: response.statusCode,
      durationMs: performance.now() - startedAtMs,
      fault,
    })
  }

  async #dispatch(exchange: Exchange): Promise<FaultKind | undefined> {
    const { request, response, url } = exchange
    const method = request.method ?? ''
    if (request.headers.origin !== undefined) {
      // Only browsers send it: a page of any site could otherwise reach into this machine.
      sendJson(response, { status: 403, body: refuse({ code: '390403', message: 'Not for browsers.' }) })
      return undefined
    }
    if (url.pathname === adminPath) {
      sendJson(response, answerAdmin(method, await readJsonBody(request), this.#options.faults))
      return undefined
    }
    if (url.pathname.startsWith(stagePrefix)) return await this.#serveStage(exchange)
    if (url.pathname.startsWith(chunkPrefix)) return await this.#serveChunk(exchange)
    const route = routes.find((each) => each.method === method && each.pattern.test(url.pathname))
    if (route !== undefined) return await this.#serveRoute(exchange, route)
    sendJson(response, { status: 404, body: refuse({ code: '390404', message: 'No such path.' }) })
    return undefined
  }

  async #serveRoute({ request, response, url }: Exchange, route: Route): Promise<FaultKind | undefined> {
    const body = await readJsonBody(request)
    const fault = await this.#meet({ area: route.area, sqlText: sqlTextOf(body), response })
    if (response.destroyed || response.headersSent) return fault
    const answer = await route.answer({
      context: this.#options.context,
      search: url.searchParams,
      path: route.pattern.exec(url.pathname)?.slice(1) ?? [],
      body,
      token: /Snowflake Token="([^"]*)"/.exec(request.headers.authorization ?? '')?.[1] ?? '',
      url: `http://${request.headers.host ?? this.#address}`,
    })
    if (fault === 'answer-lost') response.destroy()
    else sendJson(response, { status: 200, body: answer })
    return fault
  }

  async #serveStage({ request, response, url }: Exchange): Promise<FaultKind | undefined> {
    const fault = await this.#meet({ area: 'stage', response })
    if (response.destroyed || response.headersSent) return fault
    await this.#options.stage.handle(request, response, url.pathname, fault)
    return fault
  }

  async #serveChunk({ response, url }: Exchange): Promise<FaultKind | undefined> {
    const fault = await this.#meet({ area: 'chunk', response })
    if (response.destroyed || response.headersSent) return fault
    const content = await this.#options.spool.read(url.pathname.slice(chunkPrefix.length))
    if (content === undefined) {
      response.writeHead(404, { 'content-length': 0 }).end()
      return fault
    }
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-encoding': 'gzip',
      'content-length': content.length,
    })
    if (fault === 'answer-lost') response.write(content.subarray(0, content.length >> 1), () => response.destroy())
    else response.end(content)
    return fault
  }

  /** Carries out what a fault does before the request is handled. */
  async #meet(of: {
    readonly area: RequestArea
    readonly sqlText?: string | undefined
    readonly response: ServerResponse
  }): Promise<FaultKind | undefined> {
    const fault = this.#options.faults.take(of)
    const { response } = of
    if (fault?.kind === 'unavailable') response.writeHead(503, { 'content-length': 0 }).end()
    if (fault?.kind === 'too-many-requests') response.writeHead(429, { 'content-length': 0 }).end()
    if (fault?.kind === 'session-expired') sendJson(response, { status: 200, body: sessionExpired })
    if (fault?.kind === 'connection-cut' && of.area !== 'stage') response.destroy()
    if (fault?.kind === 'slow') await delay(fault.delayMs)
    return fault?.kind
  }
}

const sessionExpired: Answer = refuse({ code: '390112', message: 'Session token has expired. Please renew it.' })

function sendJson(
  response: ServerResponse,
  { status, body }: { readonly status: number; readonly body: unknown },
): void {
  const content = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': content.length }).end(content)
}

/** Says of which sort the failure is; what the request held stays out of it. */
function describeError(error: unknown): { readonly status: number; readonly body: Answer } {
  const { name } = error as Error
  if (error instanceof BodyTooLargeError)
    return { status: 413, body: refuse({ code: '391902', message: 'The request is too large.' }) }
  if (error instanceof SyntaxError || name === 'ZodError') {
    return { status: 400, body: refuse({ code: '391901', message: 'The request is not one of a Snowflake driver.' }) }
  }
  const { code, sqlState, message } = error as { code?: unknown; sqlState?: unknown; message?: unknown }
  if (typeof code === 'string' && typeof sqlState === 'string')
    return { status: 200, body: refuse({ code, message: String(message) }) }
  return { status: 500, body: refuse({ code: '300002', message: 'Internal error of the local endpoint.' }) }
}

function sqlTextOf(body: unknown): string | undefined {
  const sqlText = typeof body === 'object' && body !== null && 'sqlText' in body ? body.sqlText : undefined
  return typeof sqlText === 'string' ? sqlText : undefined
}

function visiblePath(pathname: string): string {
  if (pathname.startsWith(stagePrefix)) return stagePrefix
  return pathname.startsWith(chunkPrefix) ? chunkPrefix : pathname
}
