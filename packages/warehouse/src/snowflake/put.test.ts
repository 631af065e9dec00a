import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasErrorCode } from '@eclusa/sdk'
import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import type { SnowflakeLocal } from '@eclusa/snowflake-local'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openSnowflake } from './connection.ts'
import type { SnowflakeWarehouse } from './connection.ts'
import { putFiles } from './put.ts'
import type { SnowflakeConnection } from './session.ts'

const stage = '@"SHOP"."WORK"."Load"'
const soon = { againDelaysMs: [1, 1, 1, 1] }
const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))

let directory: string
let server: SnowflakeLocal
let warehouse: SnowflakeWarehouse
let session: SnowflakeConnection

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eclusa put '))
  server = await startSnowflakeLocal({ users: [{ name: 'LOADER', password: 'p' }] })
  const { account, host, port } = server
  const authentication = { method: 'password', password: 'p' } as const
  const where = { account, host, port, protocol: 'http', database: 'SHOP' } as const
  warehouse = await openSnowflake({ ...where, user: 'LOADER', authentication })
  session = await warehouse.connect()
  await session.query('CREATE DATABASE shop')
  await session.query('CREATE SCHEMA shop.work')
  await session.query('CREATE STAGE shop.work."Load"')
})
afterAll(async () => {
  await warehouse?.[Symbol.asyncDispose]()
  await server?.close()
  await rm(directory, { recursive: true, force: true })
})
afterEach(() => server.faults.clear())

async function fileNamed(name: string, bytes: Uint8Array = content): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, bytes)
  return path
}

async function staged(path: string): Promise<unknown[][]> {
  const { rows } = await session.query(`LIST ${stage}/${path}`)
  return rows.map(([name, bytes]) => [String(name).split('/').at(-1), Number(bytes)])
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('put', () => {
  it('puts files as they are, each under its name, and tells of them in the order given', async () => {
    const names = ['c.parquet', "it's.csv", 'a b.json', 'e', 'd.gz', 'f.zst']
    const paths = await Promise.all(names.map((name, index) => fileNamed(name, content.subarray(0, index * 1000))))
    const files = await session.put(paths, `${stage}/many/x y`, { concurrency: 3 })
    expect(files).toEqual(names.map((name, index) => ({ path: paths[index], name, bytes: index * 1000 })))
    expect(new Set(await staged('many'))).toEqual(new Set(names.map((name, index) => [name, index * 1000])))
  })

  it('puts over a file of the same name', async () => {
    const path = await fileNamed('again.bin')
    await session.put([path], `${stage}/again`)
    await writeFile(path, content.subarray(0, 7))
    await session.put([path], `${stage}/again`)
    expect(await staged('again')).toEqual([['again.bin', 7]])
  })

  it('takes a new token when the one of the stage has expired', async () => {
    const path = await fileNamed('late.bin')
    server.faults.inject({ kind: 'stage-token-expired' })
    await session.put([path], `${stage}/late`, soon)
    expect(server.faults.list()[0]?.hits).toBe(1)
    expect(await staged('late')).toEqual([['late.bin', content.length]])
  })

  it.each(['unavailable', 'too-many-requests', 'connection-cut', 'answer-lost', 'slow'] as const)(
    'puts a file in spite of a storage that is %s',
    async (kind) => {
      const path = await fileNamed(`${kind}.bin`)
      server.faults.inject({ kind, at: 'stage', times: kind === 'slow' ? 1 : 7, delayMs: 100 })
      await session.put([path], `${stage}/${kind}`, soon)
      expect(server.faults.list()[0]?.timesLeft).toBe(0)
      expect(await staged(kind)).toEqual([[`${kind}.bin`, content.length]])
    },
  )

  it('puts a file anew that stopped moving', async () => {
    const path = await fileNamed('stuck.bin')
    server.faults.inject({ kind: 'slow', at: 'stage', delayMs: 3_600_000 })
    await session.put([path], `${stage}/stuck`, { ...soon, stallMs: 200 })
    expect(await staged('stuck')).toEqual([['stuck.bin', content.length]])
  })

  it('renews a session that has expired', async () => {
    const path = await fileNamed('renewed.bin')
    server.faults.inject({ kind: 'session-expired' })
    await session.put([path], `${stage}/renewed`)
    expect(await staged('renewed')).toEqual([['renewed.bin', content.length]])
  })

  it('tells a stage that is missing, at once', async () => {
    const error = await failureOf(session.put([await fileNamed('nowhere.bin')], '@"SHOP"."WORK"."NONE"'))
    expect(hasErrorCode(error, 'WAREHOUSE_STATEMENT_FAILED')).toBe(true)
    expect(String(error)).toContain('NONE')
  })

  it('tells a file that is missing', async () => {
    const error = await failureOf(session.put([join(directory, 'missing.bin')], stage))
    expect(String(error)).toContain('ENOENT')
  })

  it('ends with the signal, and the session lives on', async () => {
    const path = await fileNamed('aborted.bin')
    server.faults.inject({ kind: 'slow', at: 'stage', delayMs: 3_600_000 })
    const abort = new AbortController()
    const outcome = failureOf(session.put([path], `${stage}/aborted`, { signal: abort.signal }))
    await expect.poll(() => server.faults.list()[0]?.hits).toBe(1)
    abort.abort()
    expect(hasErrorCode(await outcome, 'CANCELLED')).toBe(true)
    expect(await staged('aborted')).toEqual([])
  })
})

describe('putFiles', () => {
  it('ends a loop of the driver that sends a file again and again, and gives up', async () => {
    const storage = createServer((_, response) => response.writeHead(400).end())
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve))
    const { port } = storage.address() as AddressInfo
    const endedLoops: Promise<void>[] = []
    // As the driver does with a token of Amazon's storage that has expired.
    const sendAgainAndAgain = async (): Promise<void> => {
      for (;;) if (!(await isAnswered(port))) return
    }
    const put = (): Promise<never> => {
      endedLoops.push(sendAgainAndAgain())
      return new Promise(() => {})
    }
    try {
      const error = await failureOf(putFiles(put, [await fileNamed('loop.bin')], stage, { againDelaysMs: [1, 1] }))
      expect(hasErrorCode(error, 'WAREHOUSE_UPLOAD_FAILED')).toBe(true)
      expect(String(error)).toContain('in 3 attempts: The driver sent more than 64 requests')
      expect(endedLoops).toHaveLength(3)
      await Promise.all(endedLoops)
    } finally {
      storage.close()
    }
  })
})

function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port }, (response) => {
      response.resume()
      resolve(true)
    })
    request.on('error', () => resolve(false))
  })
}
