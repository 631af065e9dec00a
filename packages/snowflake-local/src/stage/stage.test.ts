import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection } from 'snowflake-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, disconnect, execute } from '../../testing/driver.ts'
import { done, openScriptedEngine, rows, type Script, type ScriptedEngine } from '../../testing/scripted-engine.ts'
import type { FileTransfer, ResultRow, StatementResult } from '../engine/statement.ts'
import { serveEngine, type SnowflakeLocal } from '../snowflake-local.ts'

const content = Buffer.from(Array.from({ length: 100_003 }, (_, index) => index % 251))

describe.each(['http', 'local'] as const)('a stage in %s shape', (shape) => {
  let directory: string
  let engine: ScriptedEngine
  let server: SnowflakeLocal
  let connection: Connection
  const bindRows: ResultRow[] = []

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'snowflake-local-test-'))
    await writeFile(join(directory, 'data.bin'), content)
    engine = await openScriptedEngine((opened) => scriptOf(opened, bindRows))
    server = await serveEngine(engine, { stage: shape })
    connection = await connect({ ...server.connectionOptions, arrayBindingThreshold: 4 })
  })

  afterAll(async () => {
    await disconnect(connection)
    await server.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('holds what was put as it was, and gives it back', async () => {
    const put = await execute(connection, `PUT file://${join(directory, 'data.bin')} @S/a`)
    expect(put.rows).toMatchObject([{ source: 'data.bin', target: 'data.bin', status: 'UPLOADED' }])
    expect(await readFile(join(engine.stagesDirectory, 'S', 'a', 'data.bin'))).toEqual(content)

    const target = join(directory, 'got')
    await mkdir(target)
    const get = await execute(connection, `GET @S/a file://${target}`)
    expect(get.rows).toMatchObject([{ file: 'data.bin', status: 'DOWNLOADED' }])
    expect(await readFile(join(target, 'data.bin'))).toEqual(content)
  })

  if (shape === 'http') stageOverHttp(() => ({ directory, engine, server, connection, bindRows }))
})

interface StageContext {
  readonly directory: string
  readonly engine: ScriptedEngine
  readonly server: SnowflakeLocal
  readonly connection: Connection
  readonly bindRows: ResultRow[]
}

function stageOverHttp(context: () => StageContext): void {
  it('takes array binds as files, with NULL and the empty text apart', async () => {
    const { connection, bindRows, engine } = context()
    const binds = [
      [1, 'a,b'],
      [2, null],
      [3, ''],
      [4, 'two\nlines and "quotes"'],
    ]
    const { statement } = await execute(connection, 'INSERT INTO T VALUES (?, ?)', { binds: binds as never })
    expect(engine.executed.some((sql) => sql.includes('@SYSTEM$BIND'))).toBe(true)
    expect(bindRows).toEqual(binds.map(([number, text]) => [String(number), text]))
    expect(statement.getNumUpdatedRows()).toBe(4)
  })

  it('leaves nothing of an upload that was cut, and takes it when the driver tries again', async () => {
    const { connection, directory, engine, server } = context()
    server.faults.inject({ kind: 'connection-cut', at: 'stage' })
    await execute(connection, `PUT file://${join(directory, 'data.bin')} @S/cut OVERWRITE=TRUE`)
    expect(server.faults.list()[0]?.hits).toBe(1)
    expect(await readdir(join(engine.stagesDirectory, 'S', 'cut'))).toEqual(['data.bin'])
    expect(await readFile(join(engine.stagesDirectory, 'S', 'cut', 'data.bin'))).toEqual(content)
    server.faults.clear()
  })

  it('refuses tokens that are over', async () => {
    const { connection, directory, server } = context()
    server.faults.inject({ kind: 'stage-token-expired', times: 100 })
    await expect(execute(connection, `PUT file://${join(directory, 'data.bin')} @S/late`)).rejects.toThrow('data.bin')
    server.faults.clear()
  })

  it('refuses who has no token, whatever the path', async () => {
    const { server } = context()
    for (const path of ['x/data.bin', '../../etc/passwd', '%2e%2e/%2e%2e/etc/passwd']) {
      expect((await fetch(`${server.url}/stage/${path}`, { headers: { authorization: 'Bearer x' } })).ok).toBe(false)
    }
  })
}

function scriptOf(engine: ScriptedEngine, bindRows: ResultRow[]): Script {
  return [
    [/^CREATE/, () => done()],
    [
      /^PUT file:\/\/([^' ]+) ?'?@([^'/ ]+)\/([^' ]+)/,
      (_, [, local = '', stage = '', path = '']) => upload(engine, { local, stage, path }),
    ],
    [
      /^GET @(\w+)\/(\S+) file:\/\/(\S+)/,
      (_, [, stage = '', path = '', local = '']) => download(engine, { local, stage, path }),
    ],
    [
      /^INSERT/,
      async (request) => {
        for await (const row of request.bindRows ?? []) bindRows.push(row)
        const count = [[String(bindRows.length)]]
        return {
          ...rows([{ name: 'number of rows inserted', type: 'fixed', nullable: false }], count),
          statementTypeId: 12_544,
        }
      },
    ],
  ]
}

interface Paths {
  readonly local: string
  readonly stage: string
  readonly path: string
}

function upload(engine: ScriptedEngine, paths: Paths): StatementResult {
  return transfer(engine, paths, { command: 'UPLOAD', overwrite: paths.path !== 'late' })
}

function download(engine: ScriptedEngine, paths: Paths): StatementResult {
  return transfer(engine, paths, { command: 'DOWNLOAD', overwrite: false })
}

function transfer(
  engine: ScriptedEngine,
  { local, stage, path }: Paths,
  of: Pick<FileTransfer, 'command' | 'overwrite'>,
): StatementResult {
  return {
    ...rows([]),
    transfer: {
      ...of,
      localPath: local,
      stageDirectory: join(engine.stagesDirectory, stage),
      stagePath: path,
      autoCompress: false,
      sourceCompression: 'AUTO_DETECT',
      parallel: 4,
    },
  }
}
