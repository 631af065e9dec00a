import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDuckDb } from './connection.ts'

const directory = mkdtempSync(join(tmpdir(), 'eclusa-warehouse-'))
const sound = join(directory, 'sound.duckdb')

beforeAll(async () => {
  await using warehouse = await openDuckDb({ path: sound })
  await using connection = await warehouse.connect()
  await connection.query('CREATE TABLE t AS SELECT range AS a FROM range(100000)')
  await connection.query('CHECKPOINT')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function openFailure(options: Parameters<typeof openDuckDb>[0]): Promise<EclusaError | undefined> {
  try {
    await using warehouse = await openDuckDb(options)
    await using connection = await warehouse.connect()
    await connection.query('SELECT sum(a) FROM t')
    return undefined
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
}

/** A copy of a sound file, spoiled. */
function spoiled(name: string, spoil: (path: string) => void): string {
  const path = join(directory, name)
  cpSync(sound, path)
  spoil(path)
  return path
}

function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const content = readFileSync(path)
  content.set(bytes, offset)
  writeFileSync(path, content)
}

describe('openDuckDb', () => {
  it('opens a file again after the process that wrote it closed it', async () => {
    expect(await openFailure({ path: sound })).toBeUndefined()
    expect(await openFailure({ path: sound, readOnly: true })).toBeUndefined()
  })

  it.each([
    ['damaged block', (path: string) => overwrite(path, 12_400, new Uint8Array(3000))],
    ['cut short', (path: string) => truncateSync(path, 20_000)],
    ['damaged header', (path: string) => overwrite(path, 4096, new Uint8Array(8192))],
  ])('names a file with a %s as corrupt', async (name, spoil) => {
    const error = await openFailure({ path: spoiled(`${name}.duckdb`, spoil) })
    expect(error?.code).toBe('DUCKDB_CORRUPT')
    expect(error?.remedy).toContain(`mv '`)
  })

  it('names a file of a later storage format', async () => {
    const path = spoiled('later.duckdb', (file) => overwrite(file, 12, new Uint8Array([0xe7, 3, 0, 0, 0, 0, 0, 0])))
    // The header has a checksum; DuckDB's complaint tells which one it wants.
    const complaint = String((await openFailure({ path }))?.details['message'])
    const checksum = Buffer.alloc(8)
    checksum.writeBigUInt64LE(BigInt(complaint.replace(/^.*computed checksum (\d+).*$/s, '$1')))
    overwrite(path, 0, checksum)
    expect((await openFailure({ path }))?.code).toBe('DUCKDB_NEWER_VERSION')
  })

  it.each([
    ['text', 'hello '.repeat(5000)],
    ['two bytes', 'hi'],
    ['nothing', ''],
    ['SQLite', `SQLite format 3\0${'x'.repeat(10_000)}`],
  ])('names a file with %s inside as no database', async (name, content) => {
    const path = join(directory, `${name}.duckdb`)
    writeFileSync(path, content)
    expect((await openFailure({ path }))?.code).toBe('DUCKDB_NOT_A_DATABASE')
  })

  it('names a directory in the place of the file', async () => {
    const path = join(directory, 'directory.duckdb')
    mkdirSync(path)
    expect((await openFailure({ path }))?.code).toBe('DUCKDB_NOT_A_DATABASE')
  })

  it('names a missing directory', async () => {
    const error = await openFailure({ path: join(directory, 'missing', 'x.duckdb') })
    expect(error?.code).toBe('DUCKDB_DIRECTORY_MISSING')
  })

  it('names a missing file when it is only to be read', async () => {
    const error = await openFailure({ path: join(directory, 'missing.duckdb'), readOnly: true })
    expect(error?.code).toBe('DUCKDB_OPEN_FAILED')
    expect(error?.message).toContain('There is no DuckDB file')
  })

  it('names a setting that DuckDB refuses', async () => {
    const error = await openFailure({ path: ':memory:', memoryLimit: 'plenty' })
    expect(error?.code).toBe('DUCKDB_OPEN_FAILED')
  })

  it('names a file and a directory that this user may not touch', async () => {
    const closed = join(directory, 'closed')
    mkdirSync(closed)
    chmodSync(directory, 0o755)
    chmodSync(closed, 0o555)
    cpSync(sound, join(directory, 'private.duckdb'))
    chmodSync(join(directory, 'private.duckdb'), 0o400)
    for (const path of [join(closed, 'new.duckdb'), join(directory, 'private.duckdb')]) {
      const child = startChild(path, process.getuid?.() === 0 ? 'open as nobody' : 'open')
      expect(await firstLine(child)).toBe('DUCKDB_UNWRITABLE')
    }
  })

  it('names the process that holds the file', async () => {
    const path = join(directory, 'held.duckdb')
    const holder = startChild(path, 'hold')
    await firstLine(holder)
    const error = await openFailure({ path })
    expect(error?.code).toBe('DUCKDB_LOCKED')
    expect(error?.message).toContain(`process ${holder.pid}`)
    const ended = once(holder, 'exit')
    holder.kill('SIGKILL')
    await ended
    await using warehouse = await openDuckDb({ path })
    expect(warehouse.type).toBe('duckdb')
  })

  it('refuses a second instance in the same process, which DuckDB itself lets in', async () => {
    const link = join(directory, 'link.duckdb')
    symlinkSync(sound, link)
    const first = await openDuckDb({ path: sound })
    expect((await openFailure({ path: link }))?.code).toBe('DUCKDB_LOCKED')
    await first[Symbol.asyncDispose]()
    expect(await openFailure({ path: link })).toBeUndefined()
  })

  it('runs sessions side by side', async () => {
    await using warehouse = await openDuckDb({ path: ':memory:', threads: 1 })
    const [writer, reader] = await Promise.all([warehouse.connect(), warehouse.connect()])
    await writer.query('CREATE TABLE t (a INTEGER)')
    await writer.query('BEGIN')
    await writer.query('INSERT INTO t VALUES (1)')
    expect((await reader.query('SELECT count(*) FROM t')).rows).toEqual([[0n]])
    await writer.query('COMMIT')
    expect((await reader.query('SELECT count(*) FROM t')).rows).toEqual([[1n]])
  })

  it.each([
    ['one statement', "SELECT 'b' AS a"],
    ['one that ends with semicolons', "SELECT 'b' AS a; ;\n"],
    ['one with a semicolon in a comment', "SELECT 'b' AS a -- not; more"],
    ['the last of several', "SELECT 1 AS x; SELECT 'b' AS a;"],
    ['the last of several, the others without a result', "CREATE TEMP TABLE t AS SELECT 'b' AS a; FROM t"],
    ['one that DuckDB makes several of', "PIVOT (SELECT 'b' AS v, 'a' AS k) ON k USING first(v)"],
  ])('gives the result of %s', async (_, sql) => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    await using session = await warehouse.connect()
    expect(await session.query(sql)).toMatchObject({ columns: [{ name: 'a' }], rows: [['b']] })
    expect(await session.query(sql.replace('TEMP', 'OR REPLACE TEMP'), { parameters: [] })).toMatchObject({
      rows: [['b']],
    })
  })

  it('ends a running statement when it is closed', async () => {
    const warehouse = await openDuckDb({ path: ':memory:' })
    const connection = await warehouse.connect()
    const endless = connection.query('SELECT count(*) FROM range(1000000000000) a WHERE a.range % 7 = 1')
    const outcome = endless.catch((error: unknown) => (EclusaError.isInstance(error) ? error.code : error))
    await warehouse[Symbol.asyncDispose]()
    expect(await outcome).toBe('CANCELLED')
    await expect(warehouse.connect()).rejects.toMatchObject({ code: 'WAREHOUSE_CONNECTION_LOST' })
  })

  it('waits for sessions that are being opened when it is closed, and closes them', async () => {
    const path = join(directory, 'closed early.duckdb')
    const warehouse = await openDuckDb({ path })
    const opening = [warehouse.connect(), warehouse.connect()]
    await warehouse[Symbol.asyncDispose]()
    for (const session of await Promise.all(opening)) {
      await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'WAREHOUSE_CONNECTION_LOST' })
    }
    // Nothing holds the file any longer: another process may open it.
    expect(await firstLine(startChild(path, 'open'))).toBe('opened')
  })

  it('prints points in time in UTC, whatever the time zone of the machine', async () => {
    const child = startChild(':memory:', 'print', { TZ: 'Asia/Kolkata' })
    expect(JSON.parse(await firstLine(child))).toEqual([
      '2024-07-01 10:00:00+00',
      '2024-07-01 10:00:00+00',
      '2024-07-01 10:00:00',
    ])
  })
})

/** Opens the file in a process of its own and prints one line: what came of it. */
function startChild(
  path: string,
  what: 'hold' | 'open' | 'open as nobody' | 'print',
  environment: NodeJS.ProcessEnv = {},
) {
  return spawn(process.execPath, ['--input-type=module', '--eval', childSource(path, what)], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function firstLine({ stdout }: { stdout: AsyncIterable<Buffer> }): Promise<string> {
  let text = ''
  for await (const chunk of stdout) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text.trim()
}

function childSource(path: string, what: string): string {
  const connection = new URL('connection.ts', import.meta.url).href
  return `
    import { openDuckDb } from ${JSON.stringify(connection)}
    import '@duckdb/node-api'
    if (${what === 'open as nobody'}) process.setuid(65534)
    try {
      const warehouse = await openDuckDb({ path: ${JSON.stringify(path)} })
      if (${what === 'print'}) {
        const connection = await warehouse.connect()
        const instant = "'2024-07-01 12:00:00+02'::TIMESTAMPTZ"
        const { rows } = await connection.query(\`SELECT \${instant}, CAST(\${instant} AS VARCHAR), CAST(\${instant} AS TIMESTAMP)\`)
        console.log(JSON.stringify(rows[0]))
      } else console.log('opened')
      if (${what === 'hold'}) setInterval(() => {}, 1000)
    } catch (error) {
      console.log(error.code)
    }`
}

it('counts the rows that CREATE TABLE AS writes, and none for other objects', async () => {
  await using warehouse = await openDuckDb({ path: ':memory:' })
  await using connection = await warehouse.connect()
  const changed = async (sql: string) => (await connection.query(sql)).rowsChanged
  expect(await changed('CREATE TABLE numbers AS FROM range(5)')).toBe(5)
  expect(await changed('CREATE OR REPLACE TEMP TABLE copied AS FROM numbers LIMIT 0')).toBe(0)
  expect(await changed('CREATE VIEW shown AS FROM numbers')).toBe(0)
})
