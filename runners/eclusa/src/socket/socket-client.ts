import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { EclusaError } from '@eclusa/sdk'
import type { AnyErrorCode, ReadPart, StoredProgress } from '@eclusa/sdk'
import { decodeValue, replySchema } from './socket-message.ts'
import type { FollowStatus, SocketReply, SocketRequest } from './socket-message.ts'
import { isTrustedSocket } from './socket-path.ts'
import { textLines } from './text-lines.ts'

/** A process that holds a database file and answers questions about it. Each question is a connection of its own. */
export interface SocketClient {
  /** @throws what the statement throws there */
  read(sql: string, signal: AbortSignal): AsyncIterable<ReadPart>
  status(pipeline: string, signal: AbortSignal): Promise<{ follow: FollowStatus; stored: StoredProgress }>
}

/**
 * Looks for a process that holds the file.
 *
 * @returns undefined when nobody listens: no process, or one that was killed and left its socket.
 */
export async function findSocket(file: string, paths: readonly string[]): Promise<SocketClient | undefined> {
  for (const path of paths) {
    if (!isTrustedSocket(path, file)) continue
    const socket = await dial(path)
    if (socket === undefined) continue
    socket.destroy()
    return clientOf(path)
  }
  return undefined
}

function clientOf(path: string): SocketClient {
  return {
    async *read(sql, signal) {
      for await (const reply of ask(path, { version: 1, request: 'query', sql }, signal)) {
        if (reply.type === 'columns') yield reply
        if (reply.type === 'rows') yield { type: 'rows', rows: reply.rows.map((row) => row.map(decodeValue)) }
      }
    },
    async status(pipeline, signal) {
      for await (const reply of ask(path, { version: 1, request: 'status', pipeline }, signal)) {
        if (reply.type === 'status') return reply
      }
      throw broken()
    },
  }
}

async function* ask(
  path: string,
  request: SocketRequest,
  signal: AbortSignal,
): AsyncGenerator<Exclude<SocketReply, { type: 'end' | 'error' }>, void, undefined> {
  const socket = await dial(path)
  if (socket === undefined) throw broken()
  const abort = () => socket.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    socket.write(`${JSON.stringify(request)}\n`)
    for await (const line of textLines(socket as AsyncIterable<string>)) {
      const reply = replySchema.parse(JSON.parse(line))
      if (reply.type === 'end') return
      if (reply.type === 'error') throw errorOf(reply)
      yield reply
    }
    throw broken()
  } catch (cause) {
    if (EclusaError.isInstance(cause)) throw cause
    if (signal.aborted) throw new EclusaError('CANCELLED', { message: 'The question was cancelled.', cause })
    throw broken(cause)
  } finally {
    signal.removeEventListener('abort', abort)
    socket.destroy()
  }
}

async function dial(path: string): Promise<Socket | undefined> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return socket.setEncoding('utf8')
  } catch {
    socket.destroy()
    return undefined
  }
}

function errorOf({ code, failureType, message, remedy }: Extract<SocketReply, { type: 'error' }>): EclusaError {
  return new EclusaError({ code: code as AnyErrorCode, failureType, remedy }, { message })
}

function broken(cause?: unknown): EclusaError {
  return new EclusaError('SOCKET_UNAVAILABLE', {
    message: 'The process that holds the database ended before it had answered.',
    remedy: 'Ask again.',
    cause,
  })
}
