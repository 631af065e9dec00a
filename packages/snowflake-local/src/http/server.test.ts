import { generateKeyPairSync } from 'node:crypto'
import { tableFromIPC } from 'apache-arrow'
import type { Connection } from 'snowflake-sdk'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connect, disconnect, execute } from '../../testing/driver.ts'
import { done, openScriptedEngine, rows, type ScriptedEngine } from '../../testing/scripted-engine.ts'
import type { ResultColumn, StatementRequest } from '../engine/statement.ts'
import { serveEngine, type SnowflakeLocal } from '../snowflake-local.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

const number: ResultColumn = { name: 'N', type: 'fixed', nullable: false, precision: 38, scale: 0 }
const text: ResultColumn = { name: 'S', type: 'text', nullable: true }

/** Statements that wait until the test lets them go, or until they are cancelled. */
let gate = Promise.withResolvers<void>()
let requests: StatementRequest[] = []

let engine: ScriptedEngine
let server: SnowflakeLocal
let connection: Connection

beforeAll(async () => {
  engine = await openScriptedEngine(() => [
    [/^SELECT (\d+)$/, (_, match) => rows([number], [[match[1] ?? null]])],
    [/^SELECT RANGE\((\d+)\)/, (_, match) => rows([number, text], ...blocksOfRange(Number(match[1])))],
    [/^SELECT BINDS/, async (request) => await remember(request)],
    [/^SELECT WAIT/, async (request) => await waitAtGate(request)],
    [/^INSERT/, () => insert()],
    [/^COMMIT|^CREATE/, () => done()],
  ])
  server = await serveEngine(engine, {
    users: [
      { name: 'local', password: 'right', publicKey, oauthToken: 'oauth-token', accessToken: 'access-token' },
      { name: 'other', password: 'right' },
    ],
    limits: { longPollMs: 40, inlineBytesMax: 4000, chunkBytesMax: 20_000 },
  })
  connection = await connect(server.connectionOptions)
})

afterEach(() => {
  server.faults.clear()
  requests = []
  gate = Promise.withResolvers<void>()
})

afterAll(async () => {
  await disconnect(connection)
  await server.close()
})

describe('logins', () => {
  const login = async (options: object) => {
    const { password: _, ...others } = server.connectionOptions
    const opened = await connect({ ...others, ...options })
    await disconnect(opened)
    return true
  }

  it.each([
    ['a password', { password: 'right' }],
    ['a key pair', { authenticator: 'SNOWFLAKE_JWT', privateKey }],
    ['an OAuth token', { authenticator: 'OAUTH', token: 'oauth-token' }],
    ['a programmatic access token', { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN', token: 'access-token' }],
    ['a programmatic access token for a password', { password: 'access-token' }],
  ])('lets in who has %s', async (_, options) => {
    await expect(login(options)).resolves.toBe(true)
  })

  const foreignKey = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey

  it.each([
    ['the wrong password', { password: 'wrong' }, '390100'],
    ['a key that is not the registered one', { authenticator: 'SNOWFLAKE_JWT', privateKey: foreignKey }, '390144'],
    ['a wrong OAuth token', { authenticator: 'OAUTH', token: 'x' }, '390303'],
    ['a wrong programmatic access token', { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN', token: 'x' }, '394400'],
  ])('refuses %s', async (_, options, code) => {
    await expect(login(options)).rejects.toMatchObject({ code })
  })

  it('gives the engine the objects and parameters that the connection names', async () => {
    await login({ password: 'right', database: 'd', schema: '"s"', warehouse: 'w', role: 'r', queryTag: 'tag' })
    expect(engine.sessions.at(-1)).toMatchObject({
      user: 'LOCAL',
      database: 'D',
      schema: 's',
      warehouse: 'W',
      role: 'R',
    })
    expect(engine.sessions.at(-1)?.parameters?.get('QUERY_TAG')).toBe('tag')
  })

  it('closes the session of the engine when the driver ends it', async () => {
    const before = engine.closedSessions
    await login({ password: 'right' })
    expect(engine.closedSessions).toBe(before + 1)
  })
})

describe('results', () => {
  it('come with the answer when they are small', async () => {
    expect((await execute(connection, 'SELECT 7')).rows).toEqual([{ N: 7 }])
  })

  it('come in chunks when they are large, all rows in order', async () => {
    const { rows: fetched } = await execute(connection, 'SELECT RANGE(20000)')
    expect(fetched).toHaveLength(20_000)
    expect(fetched.every((row, index) => row['N'] === index && row['S'] === textOf(index))).toBe(true)
  })

  it('can be read as a stream', async () => {
    const { statement } = await execute(connection, 'SELECT RANGE(3000)', { streamResult: true })
    let count = 0
    for await (const row of statement.streamRows()) {
      expect(row).toMatchObject({ N: count })
      count += 1
    }
    expect(count).toBe(3000)
  })

  it('can be empty', async () => {
    expect((await execute(connection, 'SELECT RANGE(0)')).rows).toEqual([])
  })

  it('of several statements are fetched one by one', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>()
    const results: unknown[] = []
    connection.execute({
      sqlText: 'SELECT 1; SELECT 2',
      parameters: { MULTI_STATEMENT_COUNT: 0 },
      complete: (error, statement, fetched) => {
        if (error) reject(error)
        results.push(fetched)
        const several = statement as unknown as MultiStatement
        if (several.hasNext()) several.NextResult()
        else resolve(results)
      },
    })
    expect(await promise).toEqual([[{ N: 1 }], [{ N: 2 }]])
  })

  it('are refused for several statements where one was announced', async () => {
    await expect(execute(connection, 'SELECT 1; SELECT 2')).rejects.toMatchObject({ code: '000008', sqlState: '0A000' })
  })

  it('come as Arrow to drivers that read it, and as JSON to those that ask for JSON', async () => {
    const arrow = await ask('PythonConnector', {})
    expect(arrow).toMatchObject({ queryResultFormat: 'arrow', total: 3000 })
    const inline = tableFromIPC(Buffer.from(arrow.rowsetBase64 ?? '', 'base64'))
    expect(inline.getChild('S')?.get(1)).toBe(textOf(1))
    const [first] = arrow.chunks ?? []
    const chunk = await fetch(first?.url ?? '')
    expect(tableFromIPC(await chunk.arrayBuffer()).numRows).toBe(first?.rowCount)
    const json = await ask('PythonConnector', { PYTHON_CONNECTOR_QUERY_RESULT_FORMAT: 'JSON' })
    expect(json).toMatchObject({ queryResultFormat: 'json', total: 3000 })
  })

  it('are not shown to another user', async () => {
    const { statement } = await execute(connection, 'SELECT 7')
    const other = await connect({ ...server.connectionOptions, username: 'other' })
    await expect(readQuery(other, statement.getQueryId())).rejects.toThrow('No information')
    await disconnect(other)
  })
})

describe('statements', () => {
  it('tell the code, state and words of what fails', async () => {
    await expect(execute(connection, 'NONSENSE')).rejects.toMatchObject({
      code: '001003',
      sqlState: '42000',
      message: expect.stringContaining('SQL compilation error') as string,
    })
  })

  it('carry their binds in order', async () => {
    await execute(connection, 'SELECT BINDS ?, ?, ?', { binds: [1, 'a', null] as never })
    expect(requests.at(-1)?.binds).toEqual([
      { type: 'FIXED', value: '1' },
      { type: 'TEXT', value: 'a' },
      { type: 'TEXT', value: null },
    ])
  })

  it('carry array binds as a list for each column', async () => {
    await execute(connection, 'SELECT BINDS', { binds: [[1, 'x'], [2, 'y']] as never }) // prettier-ignore
    expect(requests.at(-1)?.binds?.map((bind) => bind.value)).toEqual([['1', '2'], ['x', 'y']]) // prettier-ignore
  })

  it('that take long are asked for again until they end', async () => {
    const executing = execute(connection, 'SELECT WAIT')
    setTimeout(() => gate.resolve(), 150)
    expect((await executing).rows).toEqual([{ N: 1 }])
  })

  it('can be left to run, watched and fetched later', async () => {
    const { statement } = await execute(connection, 'SELECT WAIT', { asyncExec: true })
    const queryId = statement.getQueryId()
    expect(await connection.getQueryStatus(queryId)).toBe('RUNNING')
    gate.resolve()
    expect(await readQuery(connection, queryId)).toEqual([{ N: 1 }])
    expect(await connection.getQueryStatus(queryId)).toBe('SUCCESS')
  })

  it('are cancelled at the wish of the driver', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const statement = connection.execute({ sqlText: 'SELECT WAIT CANCEL', complete: (error) => resolve(error) })
    await expect.poll(() => engine.executed.at(-1)).toBe('SELECT WAIT CANCEL')
    statement.cancel(() => undefined)
    expect(await promise).toMatchObject({ code: '000604', sqlState: '57014' })
  })

  it('run one after the other in a session', async () => {
    const first = execute(connection, 'SELECT WAIT')
    const second = execute(connection, 'SELECT 2')
    await expect.poll(() => engine.executed.at(-1)).toBe('SELECT WAIT')
    gate.resolve()
    await Promise.all([first, second])
    expect(engine.executed.at(-1)).toBe('SELECT 2')
  })
})

describe('a request that comes again', () => {
  it('gets the stored result and does nothing', async () => {
    const requestId = crypto.randomUUID()
    const first = await execute(connection, 'INSERT 1', { requestId })
    const count = engine.executed.length
    const again = await connect(server.connectionOptions)
    const second = await execute(again, 'INSERT 1', { requestId })
    await disconnect(again)
    expect(second.statement.getQueryId()).toBe(first.statement.getQueryId())
    expect(engine.executed).toHaveLength(count)
  })

  it('is tried anew when it had failed', async () => {
    const requestId = crypto.randomUUID()
    await expect(execute(connection, 'NONSENSE', { requestId })).rejects.toThrow('unknown')
    const count = engine.executed.length
    await expect(execute(connection, 'NONSENSE', { requestId })).rejects.toThrow('unknown')
    expect(engine.executed).toHaveLength(count + 1)
  })
})

describe('a session', () => {
  it('is kept by heartbeats', async () => {
    await (connection as Connection & { heartbeatAsync(): Promise<void> }).heartbeatAsync()
    expect(await connection.isValidAsync()).toBe(true)
  })
})

interface AnswerData {
  readonly getResultUrl?: string
  readonly queryResultFormat: string
  readonly rowsetBase64?: string
  readonly chunks?: readonly { readonly url: string; readonly rowCount: number }[]
}

/** A query as another driver sends it, asked for until it has ended. */
async function ask(clientApp: string, parameters: object): Promise<AnswerData> {
  const data = { CLIENT_APP_ID: clientApp, LOGIN_NAME: 'local', PASSWORD: 'right' }
  const { token } = (await call('/session/v1/login-request', { data })) as { readonly token: string }
  const path = `/queries/v1/query-request?requestId=${crypto.randomUUID()}`
  let answer = (await call(path, { sqlText: 'SELECT RANGE(3000)', parameters }, token)) as AnswerData
  while (answer.getResultUrl !== undefined) answer = (await call(answer.getResultUrl, undefined, token)) as AnswerData
  return answer
}

async function call(path: string, body?: object, token = ''): Promise<unknown> {
  const headers = { authorization: `Snowflake Token="${token}"` }
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(`${server.url}${path}`, { headers, ...sent })
  return ((await response.json()) as { readonly data: unknown }).data
}

interface MultiStatement {
  hasNext(): boolean
  NextResult(): void
}

async function readQuery(from: Connection, queryId: string): Promise<readonly unknown[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>()
  const statement = await from.getResultsFromQueryId({ sqlText: '', queryId })
  const fetched: unknown[] = []
  statement
    .streamRows()
    .on('data', (row) => fetched.push(row))
    .on('end', () => resolve(fetched))
    .on('error', reject)
  return await promise
}

function textOf(index: number): string | null {
  return index % 7 === 0 ? null : `"text", ${index}\n`
}

function blocksOfRange(count: number) {
  const all = Array.from({ length: count }, (_, index) => [String(index), textOf(index)])
  return [all.slice(0, 2048), all.slice(2048)]
}

async function remember(request: StatementRequest) {
  requests.push(request)
  return rows([number], [['1']])
}

async function waitAtGate(request: StatementRequest) {
  const { promise, reject } = Promise.withResolvers<never>()
  request.signal.addEventListener('abort', () => reject(new Error('stopped')))
  await Promise.race([gate.promise, promise])
  return rows([number], [['1']])
}

function insert() {
  return { ...rows([{ ...number, name: 'number of rows inserted' }], [['1']]), statementTypeId: 12_544 }
}
