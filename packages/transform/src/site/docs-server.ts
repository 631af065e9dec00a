import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { EclusaError } from '@eclusa/sdk'

export interface DocsServerOptions {
  /** Absolute. Nothing outside of it is served. */
  readonly folder: string
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

export interface DocsServer extends AsyncDisposable {
  readonly port: number
}

/**
 * Serves the files of a folder.
 *
 * @throws DOCS_NOT_SERVED when the port is taken, or the address is none of this machine.
 */
export async function serveDocs({ folder, host, port }: DocsServerOptions): Promise<DocsServer> {
  const root = await realpath(folder)
  const server = createServer((request, response) => void answer(root, request, response))
  await listen(server, host, port)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, () => resolve())
    })
  } catch (error) {
    throw notServed(error as NodeJS.ErrnoException, host, port)
  }
}

function notServed(error: NodeJS.ErrnoException, host: string, port: number): EclusaError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there already',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'the address is none of this machine',
    ENOTFOUND: 'nobody knows this host',
    ERR_SOCKET_BAD_PORT: 'there is no such port',
  }
  return new EclusaError('DOCS_NOT_SERVED', {
    message: `The docs cannot be served at ${host}:${port}: ${reasons[error.code ?? ''] ?? error.message}.`,
    remedy: `Name another port, as with --port ${port < 65_535 ? port + 1 : 8080}, or another address with --host.`,
    cause: error,
  })
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.sql': 'text/plain; charset=utf-8',
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '/' } = request
  response.setHeader('X-Content-Type-Options', 'nosniff')
  // The next `docs generate` writes the same names.
  response.setHeader('Cache-Control', 'no-cache')
  if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'Only GET and HEAD are answered here.')
  const file = await fileAt(root, url)
  if (file === undefined) return end(response, 404, 'There is no such file.')
  response.setHeader('Content-Type', types[path.extname(file.path).toLowerCase()] ?? 'application/octet-stream')
  response.setHeader('Content-Length', file.bytes)
  if (method === 'HEAD') return void response.end()
  try {
    await pipeline(createReadStream(file.path), response)
  } catch {
    // Whoever asked has gone, or the file has: there is nobody to tell.
    response.destroy()
  }
}

/** The file of an address; undefined for what is none, or stands outside of the folder: by `..`, or by a link. */
async function fileAt(
  root: string,
  url: string,
): Promise<{ readonly path: string; readonly bytes: number } | undefined> {
  try {
    const name = decodeURIComponent(url.replace(/[?#].*$/u, ''))
    if (name.includes('\0') || name.includes('\\')) return undefined
    const wanted = path.join(root, name.endsWith('/') ? `${name}index.html` : name)
    const found = await realpath(wanted)
    if (!found.startsWith(root + path.sep)) return undefined
    const facts = await stat(found)
    return facts.isFile() ? { path: found, bytes: facts.size } : undefined
  } catch {
    return undefined
  }
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}
