import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FaultKind } from '../fault/faults.ts'
import {
  decryptContent,
  deriveFileKey,
  digestHeader,
  encryptContent,
  encryptedBytes,
  encryptionHeader,
  materialHeader,
  readFileKey,
  writeFileKey,
} from './stage-cipher.ts'
import { resolveStageFile } from './stage-files.ts'
import type { StageGrants } from './stage-grants.ts'

export const stagePrefix = '/stage/'

/** The storage of stages, as the drivers speak to Google's: HEAD, PUT and GET of an object, with a bearer's token. */
export class StageEndpoint {
  readonly #grants: StageGrants

  constructor(grants: StageGrants) {
    this.#grants = grants
  }

  async handle(request: IncomingMessage, response: ServerResponse, pathname: string, fault?: FaultKind): Promise<void> {
    const path = this.#authorize(request, pathname)
    if (path === undefined || fault === 'stage-token-expired') {
      response.writeHead(401, { 'content-length': 0 }).end()
    } else if (request.method === 'PUT') {
      await this.#receive(request, response, { path, fault })
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      await this.#send(request, response, { path, fault })
    } else {
      response.writeHead(405).end()
    }
  }

  /** The file on disk that the request may touch. */
  #authorize(request: IncomingMessage, pathname: string): string | undefined {
    const [bucket = '', ...rest] = pathname.slice(stagePrefix.length).split('/')
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const grant = this.#grants.find(token, bucket)
    if (grant === undefined) return undefined
    return resolveStageFile(grant.directory, rest.map(decodePart).join('/'))
  }

  /** Decrypts on arrival, so that COPY reads plain files; the file appears when it is whole. */
  async #receive(request: IncomingMessage, response: ServerResponse, { path, fault }: ObjectRequest): Promise<void> {
    if (fault === 'connection-cut') {
      // When the first bytes have come, so that the client had begun.
      request.once('readable', () => request.destroy())
      return
    }
    const key = readFileKey(headerOf(request, encryptionHeader), this.#grants.masterKey)
    const arriving = `${path}.${randomUUID()}.arriving`
    await mkdir(dirname(path), { recursive: true })
    try {
      await pipeline(request, key === undefined ? new PassThrough() : decryptContent(key), createWriteStream(arriving))
      await rename(arriving, path)
    } finally {
      await rm(arriving, { force: true })
    }
    if (fault === 'answer-lost') response.destroy()
    else response.writeHead(200, { 'content-length': 0 }).end()
  }

  async #send(request: IncomingMessage, response: ServerResponse, { path, fault }: ObjectRequest): Promise<void> {
    const file = await statFile(path)
    if (file === undefined) {
      response.writeHead(404, { 'content-length': 0 }).end()
      return
    }
    const key = deriveFileKey(`${path}\n${file.size}\n${file.mtimeMs}`, this.#grants.masterKey)
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': encryptedBytes(file.size),
      [encryptionHeader]: writeFileKey(key, this.#grants.masterKey),
      [materialHeader]: JSON.stringify({ smkId: '1', queryId: '', keySize: String(key.key.length * 8) }),
      [digestHeader]: await digestFile(path),
    })
    if (fault === 'answer-lost' || fault === 'connection-cut') response.write(Buffer.alloc(1), () => response.destroy())
    else if (request.method === 'HEAD') response.end()
    else await pipeline(createReadStream(path), encryptContent(key), response)
  }
}

interface ObjectRequest {
  readonly path: string
  readonly fault: FaultKind | undefined
}

async function statFile(path: string) {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  return found?.isFile() === true ? found : undefined
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('base64')
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** Drivers send names as they are; a percent sign need not begin an escape. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
