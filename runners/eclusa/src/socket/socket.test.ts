import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { EclusaError } from '@eclusa/sdk'
import type { Log, ReadPart, SqlValue } from '@eclusa/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findSocket } from './socket-client.ts'
import { encodeValue } from './socket-message.ts'
import type { SocketReply } from './socket-message.ts'
import { serveSocket } from './socket-server.ts'
import type { AnswerRequest } from './socket-server.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
const never = new AbortController().signal

let directory: string
let file: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eclusa-socket-'))
  file = join(directory, 'w.duckdb')
  path = `${file}.sock`
  await writeFile(file, '')
})
afterEach(async () => await rm(directory, { recursive: true }))

const serve = async (answer: AnswerRequest, paths = [path]) => await serveSocket({ paths, file, answer, log })

async function* replies(...given: SocketReply[]): AsyncGenerator<SocketReply> {
  yield* given
}

async function rowsOf(parts: AsyncIterable<ReadPart>): Promise<SqlValue[][]> {
  const rows: SqlValue[][] = []
  for await (const part of parts) if (part.type === 'rows') rows.push(...part.rows.map((row) => [...row]))
  return rows
}

/** Leaves a socket behind, as a process does that is killed. */
async function leaveStaleSocket(at: string): Promise<void> {
  const script = `require('net').createServer().listen(process.argv[1], () => console.log('ready'))`
  const child = spawn(process.execPath, ['-e', script, at])
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
}

describe('the socket of a process that holds a database', () => {
  it('is for its owner alone, and gone when the process is done', async () => {
    const server = await serve(() => replies())
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await server[Symbol.asyncDispose]()
    expect(await readdir(directory)).toEqual(['w.duckdb'])
    expect(await findSocket(file, [path])).toBeUndefined()
  })

  it('carries every value exactly', async () => {
    const values: SqlValue[] = [
      null,
      true,
      2 ** 31,
      -0,
      NaN,
      -Infinity,
      0.1,
      2n ** 127n,
      'a\n"b\u2028',
      Uint8Array.of(0, 255),
    ]
    await using _ = await serve(() =>
      replies(
        { type: 'columns', columns: [{ name: 'a', type: 'INTEGER' }] },
        { type: 'rows', rows: [values.map(encodeValue)] },
      ),
    )
    const client = await findSocket(file, [path])
    expect(await rowsOf(client!.read('FROM t', never))).toEqual([values])
  })

  it('tells of failures with their code and remedy', async () => {
    const refusal = new EclusaError('WAREHOUSE_READ_ONLY', { message: 'No.', remedy: 'Ask.' })
    await using _ = await serve(async function* () {
      yield { type: 'rows', rows: [[1]] }
      throw refusal
    })
    const client = await findSocket(file, [path])
    await expect(rowsOf(client!.read('DROP TABLE t', never))).rejects.toMatchObject({
      code: 'WAREHOUSE_READ_ONLY',
      failureType: 'config_error',
      message: 'No.',
      remedy: 'Ask.',
    })
  })

  it('makes no more rows than are taken', async () => {
    let made = 0
    await using _ = await serve(async function* () {
      for (; made < 1000; made++) yield { type: 'rows', rows: [['x'.repeat(100_000)]] }
    })
    const client = await findSocket(file, [path])
    const parts = client!.read('FROM t', never)[Symbol.asyncIterator]()
    await parts.next()
    for (let count = 0; count < 5000; count++) await turn()
    expect(made).toBeLessThan(100)
    let taken = 1
    while ((await parts.next()).done !== true) taken++
    expect(taken).toBe(1000)
  })

  it('ends what it does for somebody who goes away', async () => {
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    await using _ = await serve(async function* (_request, signal) {
      yield* replies()
      begun.resolve()
      await once(signal, 'abort')
      ended.resolve()
    })
    const client = await findSocket(file, [path])
    const controller = new AbortController()
    const reading = rowsOf(client!.read('FROM t', controller.signal))
    await begun.promise
    controller.abort()
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
    await ended.promise
  })

  it('ends questions under way when the process is done, and the other side sees it', async () => {
    const begun = Promise.withResolvers<void>()
    const server = await serve(async function* (_request, signal) {
      yield* replies()
      begun.resolve()
      await once(signal, 'abort')
      signal.throwIfAborted()
    })
    const client = await findSocket(file, [path])
    const reading = rowsOf(client!.read('FROM t', never))
    await begun.promise
    await Promise.all([
      server[Symbol.asyncDispose](),
      expect(reading).rejects.toMatchObject({ code: 'SOCKET_UNAVAILABLE' }),
    ])
  })

  it('refuses what it does not understand', async () => {
    await using _ = await serve(() => replies())
    const socket = connect(path).setEncoding('utf8')
    socket.write('{"version":2,"request":"query","sql":"SELECT 1"}\n')
    const [answer] = (await once(socket, 'data')) as [string]
    expect(JSON.parse(answer)).toMatchObject({ type: 'error', code: 'SOCKET_UNAVAILABLE' })
    socket.destroy()
  })

  it('takes the place of one that a killed process left, which nobody answers', async () => {
    await leaveStaleSocket(path)
    expect(await findSocket(file, [path])).toBeUndefined()
    await using _ = await serve(() => replies({ type: 'rows', rows: [[1]] }))
    const client = await findSocket(file, [path])
    expect(await rowsOf(client!.read('FROM t', never))).toEqual([[1]])
  })

  it('goes to the next place where something else lies, and never removes that', async () => {
    await writeFile(path, 'precious')
    const second = join(directory, 'runtime', 'w.sock')
    await using server = await serve(() => replies({ type: 'rows', rows: [[1]] }), [path, second])
    expect([server.path, await readFile(path, 'utf8')]).toEqual([second, 'precious'])
    expect((await stat(join(directory, 'runtime'))).mode & 0o777).toBe(0o700)
    const client = await findSocket(file, [path, second])
    expect(await rowsOf(client!.read('FROM t', never))).toEqual([[1]])
  })

  it('says why it can be nowhere', async () => {
    await using _ = await serve(() => replies())
    await expect(serve(() => replies())).rejects.toMatchObject({
      code: 'SOCKET_UNAVAILABLE',
      message: expect.stringContaining('another process listens there') as string,
    })
  })

  it.skipIf(process.getuid?.() !== 0)('is not asked where a stranger has made it', async () => {
    await using _ = await serve(() => replies())
    await chown(path, 12_345, 12_345)
    expect(await findSocket(file, [path])).toBeUndefined()
  })
})
