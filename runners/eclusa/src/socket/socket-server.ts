import { once } from 'node:events'
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { dirname } from 'node:path'
import process from 'node:process'
import { EclusaError } from '@eclusa/sdk'
import type { Log } from '@eclusa/sdk'
import { makePrivateDirectory } from './socket-path.ts'
import { requestSchema } from './socket-message.ts'
import type { SocketReply, SocketRequest } from './socket-message.ts'

/** Gives the replies to a request, but the last one. Aborted when whoever asked has gone. */
export type AnswerRequest = (request: SocketRequest, signal: AbortSignal) => AsyncIterable<SocketReply>

export interface SocketServerOptions {
  /** Tried in this order; the last ones lie in a folder of our own. @see socketPathsOf */
  readonly paths: readonly string[]
  /** The file that is held: beside it no folder is made. */
  readonly file: string
  readonly answer: AnswerRequest
  readonly log: Log
}

export interface SocketServer extends AsyncDisposable {
  readonly path: string
}

const connectionsMax = 16
/** A statement is text that somebody wrote. */
const requestCharactersMax = 1024 * 1024
const requestTimeoutMs = 10_000

/**
 * Listens for this user's other processes. A reply is made when the one before has been taken: who reads slowly is
 * answered slowly, and who goes away ends what was being done for them.
 *
 * @throws SOCKET_UNAVAILABLE when none of the paths can be listened on.
 */
export async function serveSocket(options: SocketServerOptions): Promise<SocketServer> {
  const ending = new AbortController()
  const open = new Set<Promise<void>>()
  const server = createServer((socket) => {
    const answered = answerOne(socket, options, ending.signal)
    open.add(answered)
    void answered.finally(() => open.delete(answered))
  })
  server.maxConnections = connectionsMax
  const path = await listenOnFirst(server, options)
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      ending.abort()
      await Promise.all(open)
      await closed
    },
  }
}

async function listenOnFirst(server: Server, { paths, file }: SocketServerOptions): Promise<string> {
  const reasons: string[] = []
  for (const path of paths) {
    try {
      if (process.platform !== 'win32' && dirname(path) !== dirname(file)) makePrivateDirectory(dirname(path))
      await removeStale(path)
      await listen(server, path)
      return path
    } catch (error) {
      reasons.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new EclusaError('SOCKET_UNAVAILABLE', {
    message: `Others cannot ask this process about ${file}, since it can listen nowhere:\n- ${reasons.join('\n- ')}`,
  })
}

/** Who may connect is decided by the rights of the socket, from the moment when it is there. */
async function listen(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening')
  const umask = process.umask(0o177)
  try {
    // The socket is made within this call.
    server.listen(path)
  } finally {
    process.umask(umask)
  }
  await listening
  if (process.platform !== 'win32') chmodSync(path, 0o600)
}

/** What a process that was killed has left behind answers nobody. Only sockets are ever removed. */
async function removeStale(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const facts = lstatSync(path, { throwIfNoEntry: false })
  if (facts === undefined) return
  if (!facts.isSocket()) throw new Error('there is something else')
  if (await isAnswered(path)) throw new Error('another process listens there')
  unlinkSync(path)
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Never rejects. */
async function answerOne(socket: Socket, { answer, log }: SocketServerOptions, ending: AbortSignal): Promise<void> {
  const gone = new AbortController()
  const signal = AbortSignal.any([gone.signal, ending])
  socket.setEncoding('utf8')
  socket.once('close', () => gone.abort())
  // A connection that breaks is closed next.
  socket.on('error', () => {})
  try {
    const request = await readRequest(socket, signal)
    // Nothing more is expected; without reading on, that the other end closes would not be seen.
    socket.on('end', () => gone.abort()).resume()
    for await (const reply of answer(request, signal)) await send(socket, reply, signal)
    await send(socket, { type: 'end' }, signal)
  } catch (error) {
    if (!signal.aborted) await send(socket, errorReply(error), signal).catch(() => {})
    log.debug('A question of another process could not be answered.', { error })
  } finally {
    socket.end(() => socket.destroy())
    if (signal.aborted) socket.destroy()
  }
}

async function readRequest(socket: Socket, signal: AbortSignal): Promise<SocketRequest> {
  const line = await readLine(socket, AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]))
  const parsed = requestSchema.safeParse(parseJson(line))
  if (parsed.success) return parsed.data
  throw new EclusaError('SOCKET_UNAVAILABLE', {
    message: 'The process that holds the database does not understand the question.',
    remedy: 'Use the same version of eclusa as the process that runs.',
  })
}

async function readLine(socket: Socket, signal: AbortSignal): Promise<string> {
  let text = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const take = (part: string) => {
    text += part
    const end = text.indexOf('\n')
    if (end >= 0) resolve(text.slice(0, end))
    else if (text.length > requestCharactersMax) reject(new Error('the request is too long'))
  }
  const abort = () => reject(signal.reason)
  socket.on('data', take)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await promise
  } finally {
    socket.off('data', take)
    signal.removeEventListener('abort', abort)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function send(socket: Socket, reply: SocketReply, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (!socket.write(`${JSON.stringify(reply)}\n`)) await once(socket, 'drain', { signal })
}

function errorReply(error: unknown): SocketReply {
  if (EclusaError.isInstance(error)) {
    const { code, failureType, message, remedy } = error
    return { type: 'error', code, failureType, message, remedy }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { type: 'error', code: 'INTERNAL', failureType: 'system_error', message, remedy: '' }
}
