import { testServer, testServers } from '@eclusa/postgres-local/testing'
import type { CheckFinding, ConfiguredStream } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { createSourceDatabase } from '../../testing/database.ts'
import { startFakePooler } from '../../testing/fake-pooler.ts'
import { MemoryDestination } from '../../testing/memory-destination.ts'
import { SourceRun, incremental } from '../../testing/source-run.ts'
import type { SourceConfig } from '../../testing/source-run.ts'
import { suiteDatabase, suiteRole } from '../../testing/suite-database.ts'

function problems(findings: readonly CheckFinding[]): string[] {
  return findings.filter(({ status }) => status !== 'passed').map(({ status, subject }) => `${status}: ${subject}`)
}

describe.each(await testServers())('on PostgreSQL $major, check', (server) => {
  const database = suiteDatabase(server)
  const role = `checker_${server.major}`
  suiteRole(database, role)

  /** The role with no more than the privileges that a test grants. */
  function asRole(config: SourceConfig = {}): SourceRun {
    const url = new URL(database.connectionString)
    url.username = role
    url.password = 'secret'
    return new SourceRun({ connection_string: url.href, ...config })
  }

  it('is content with a role that may do exactly what the documentation says', async () => {
    await database.run(
      `CREATE SCHEMA fine; CREATE TABLE fine.t (a int); GRANT USAGE ON SCHEMA fine TO ${role}; GRANT SELECT ON fine.t TO ${role}`,
    )
    const findings = await asRole({ schemas: ['fine'] }).check()
    expect(problems(findings)).toEqual([])
    expect(findings.map(({ subject }) => subject)).toEqual(['connection', 'TLS', 'version', 'snapshot', 'tables'])
  })

  it.each([
    ['USAGE on a schema', 'usage', 'CREATE TABLE usage.t (a int)', 'failed: USAGE on schema usage'],
    [
      'SELECT on tables',
      'selects',
      `CREATE TABLE selects.t (a int); CREATE TABLE selects."T t" (a int); CREATE TABLE selects.u (a int); GRANT USAGE ON SCHEMA selects TO $role; GRANT SELECT ON selects.u TO $role`,
      'warning: SELECT in schema selects',
    ],
    [
      'SELECT on columns',
      'cols',
      `CREATE TABLE cols.t (a int, "b b" int); GRANT USAGE ON SCHEMA cols TO $role; GRANT SELECT (a) ON cols.t TO $role`,
      'warning: SELECT on cols.t',
    ],
    [
      'sight of all rows',
      'hidden',
      `CREATE TABLE hidden.t (a int); ALTER TABLE hidden.t ENABLE ROW LEVEL SECURITY; GRANT USAGE ON SCHEMA hidden TO $role; GRANT SELECT ON hidden.t TO $role`,
      'failed: row level security of hidden.t',
    ],
    [
      'a log for changes',
      'unlogged',
      `CREATE UNLOGGED TABLE unlogged.t (a int); GRANT USAGE ON SCHEMA unlogged TO $role; GRANT SELECT ON unlogged.t TO $role`,
      'warning: unlogged table unlogged.t',
    ],
  ])('finds missing %s, and its remedy mends it', async (_what, schema, sql, problem) => {
    await database.run(`CREATE SCHEMA ${schema}; ${sql.replaceAll('$role', role)}`)
    const run = asRole({ schemas: [schema] })
    const findings = await run.check()
    expect(problems(findings)).toContain(problem)
    const { remedy } = findings.find(({ status, subject }) => `${status}: ${subject}` === problem)!
    for (const statement of remedy!.replace(/ \(or .*\)$/u, '').split(';')) {
      if (statement.trim() !== '') await database.run(statement)
    }
    expect(problems(await run.check())).toEqual([])
  })

  it('only warns of schemas that nobody asked for', async () => {
    await database.run(`CREATE SCHEMA unasked; CREATE TABLE unasked.t (a int)`)
    const findings = await asRole().check()
    expect(problems(findings)).toContain('warning: USAGE on schema unasked')
    expect(findings.some(({ status }) => status === 'failed')).toBe(false)
  })

  it('fails when nothing can be read, and names what does not exist', async () => {
    await database.run(`CREATE SCHEMA bare`)
    expect(problems(await asRole({ schemas: ['bare'] }).check())).toEqual(['failed: tables'])
    expect(problems(await asRole({ schemas: ['nowhere'] }).check())).toEqual([
      'failed: schema nowhere',
      'failed: tables',
    ])
  })

  it('looks at every query, also after one that is wrong', async () => {
    const queries = { a: { sql: 'SELEC' }, b: { sql: 'SELECT 1 AS one' }, c: { sql: 'SELECT * FROM nowhere' } }
    const findings = await asRole({ queries }).check()
    const about = findings.filter(({ subject }) => subject.startsWith('query'))
    expect(about.map(({ subject, status, code }) => [subject, status, code])).toEqual([
      ['query a', 'failed', 'POSTGRES_QUERY_REFUSED'],
      ['query b', 'passed', undefined],
      ['query c', 'failed', 'POSTGRES_TABLE_MISSING'],
    ])
  })

  describe('of chosen streams', () => {
    const superuser = () => new SourceRun({ connection_string: database.connectionString })

    it('looks at these alone', async () => {
      await database.run(`CREATE SCHEMA chosen; GRANT USAGE ON SCHEMA chosen TO ${role};
        CREATE TABLE chosen.t (a int PRIMARY KEY); CREATE TABLE chosen.other (a int); GRANT SELECT ON chosen.t TO ${role}`)
      const catalog = await superuser().catalog({ 'chosen.t': incremental })
      const findings = await asRole({ schemas: ['chosen'], queries: { q: { sql: 'SELEC' } } }).check({ catalog })
      expect(problems(findings)).toEqual([])
      expect(findings.at(-1)?.message).toBe('1 of the chosen tables, views and queries can be read.')
    })

    it('names what is not there, and the GRANT for what may not be read', async () => {
      await database.run(`CREATE SCHEMA "ungranted.x"; CREATE TABLE "ungranted.x".t (a int);
        CREATE SCHEMA granted; GRANT USAGE ON SCHEMA granted TO ${role}; CREATE TABLE granted.t (a int, b int);
        CREATE TABLE granted.u (a int, b int); GRANT SELECT (a) ON granted.u TO ${role}`)
      const catalog = await superuser().catalog({ 'granted.u': {} })
      const missing = ['granted.nothing', 'granted.t', 'ungranted.x.t', 'no_query']
      const findings = await asRole().check({ catalog, missing })
      const told = findings.filter(({ subject }) => subject.startsWith('stream'))
      expect(told.map(({ subject, code, remedy }) => [subject, code, remedy?.replaceAll(role, 'r')])).toEqual([
        ['stream granted.nothing', 'POSTGRES_TABLE_MISSING', expect.anything()],
        ['stream granted.t', 'POSTGRES_PRIVILEGE_MISSING', 'GRANT SELECT ON "granted"."t" TO "r";'],
        [
          'stream ungranted.x.t',
          'POSTGRES_PRIVILEGE_MISSING',
          'GRANT USAGE ON SCHEMA "ungranted.x" TO "r"; GRANT SELECT ON "ungranted.x"."t" TO "r";',
        ],
        ['stream no_query', 'POSTGRES_TABLE_MISSING', expect.anything()],
        ['stream granted.u', 'POSTGRES_PRIVILEGE_MISSING', 'GRANT SELECT ("b") ON "granted"."u" TO "r"'],
      ])
    })

    it('fails where keys or cursors are not what the modes need, and goes on to the next stream', async () => {
      await database.run(`CREATE SCHEMA modes; CREATE TABLE modes.t (a int, j json, f float8);
        CREATE VIEW modes.v AS SELECT * FROM modes.t; CREATE TABLE modes.k (a int PRIMARY KEY)`)
      const queries = { broken: { sql: 'SELECT 1 AS a' } }
      const run = new SourceRun({ connection_string: database.connectionString, schemas: ['modes'], queries })
      const choices: [string, Partial<ConfiguredStream>][] = [
        ['modes.t', { destinationSyncMode: 'append_dedup' }],
        ['modes.t', { ...incremental, cursorColumn: 'gone' }],
        ['modes.v', { ...incremental, cursorColumn: 'j' }],
        ['modes.v', { ...incremental, cursorColumn: 'f' }],
        ['modes.v', incremental],
        ['modes.v', { ...incremental, cursorColumn: 'a', destinationSyncMode: 'append_dedup', primaryKey: ['b'] }],
        ['broken', {}],
        ['modes.k', { ...incremental, destinationSyncMode: 'append_dedup' }],
      ]
      const catalogs = await Promise.all(choices.map(([key, choice]) => run.catalog({ [key]: choice })))
      const { connectionString } = database
      const broken = { broken: { sql: 'SELECT 1 AS a FROM nowhere' } }
      const findings = await new SourceRun({ connection_string: connectionString, queries: broken }).check({
        catalog: { streams: catalogs.flatMap(({ streams }) => streams) },
      })
      const told = findings.filter(({ status }) => status === 'failed')
      expect(told.map(({ subject, code }) => `${subject}: ${code}`)).toEqual([
        'stream modes.t: STREAM_SELECTION_INVALID',
        'stream modes.t: POSTGRES_CURSOR_UNSUITABLE',
        'stream modes.v: POSTGRES_CURSOR_UNSUITABLE',
        'stream modes.v: POSTGRES_CURSOR_UNSUITABLE',
        'stream modes.v: POSTGRES_CURSOR_UNSUITABLE',
        'stream modes.v: STREAM_SELECTION_INVALID',
        'stream broken: POSTGRES_TABLE_MISSING',
      ])
      expect(findings.at(-1)).toMatchObject({ status: 'passed', message: expect.stringMatching(/^1 of/u) })
    })
  })

  it('says why there is no connection', async () => {
    const findings = await new SourceRun({
      host: server.host,
      port: server.port,
      database: 'nowhere',
      username: server.user,
      password: server.password,
    }).check()
    expect(findings).toEqual([
      expect.objectContaining({ status: 'failed', subject: 'connection', code: 'POSTGRES_DATABASE_MISSING' }),
    ])
  })

  describe('and read', () => {
    const readAll = async (run: SourceRun, key: string) => {
      const superuser = new SourceRun({ connection_string: database.connectionString })
      const destination = new MemoryDestination()
      await destination.take(run.read(await superuser.catalog({ [key]: {} })))
      return destination.rows(key)
    }

    it('refuses what it may not read, with the SQL that would permit it', async () => {
      await database.run(
        `CREATE SCHEMA refused; CREATE TABLE refused.t (a int, b int); CREATE TABLE refused.u (a int, b int)`,
      )
      await expect(readAll(asRole(), 'refused.t')).rejects.toMatchObject({
        code: 'POSTGRES_PRIVILEGE_MISSING',
        remedy: `GRANT USAGE ON SCHEMA "refused" TO "${role}"`,
        details: { stream: 'refused.t' },
      })
      await database.run(`GRANT USAGE ON SCHEMA refused TO ${role}; GRANT SELECT (a) ON refused.u TO ${role}`)
      await expect(readAll(asRole(), 'refused.t')).rejects.toMatchObject({
        remedy: `GRANT SELECT ON "refused"."t" TO "${role}"`,
      })
      await expect(readAll(asRole(), 'refused.u')).rejects.toMatchObject({
        remedy: `GRANT SELECT ("b") ON "refused"."u" TO "${role}"`,
      })
    })

    it('reads a table by its columns alone, and a partitioned table whose partitions it may not read', async () => {
      await database.run(`CREATE SCHEMA partly; GRANT USAGE ON SCHEMA partly TO ${role};
        CREATE TABLE partly.t (a int, b int); INSERT INTO partly.t VALUES (1, 2); GRANT SELECT (b) ON partly.t TO ${role};
        CREATE TABLE partly.p (a int) PARTITION BY RANGE (a); CREATE TABLE partly.p1 PARTITION OF partly.p DEFAULT;
        INSERT INTO partly.p VALUES (3); GRANT SELECT ON partly.p TO ${role}`)
      const run = asRole({ schemas: ['partly'] })
      const destination = new MemoryDestination()
      await destination.take(run.read(await run.catalog()))
      expect(destination.rows('partly.t')).toEqual([['2']])
      expect(destination.rows('partly.p')).toEqual([['3']])
    })

    it('copies a large table that it may read by columns only, in one piece, and anew after an interruption', async () => {
      await database.run(`CREATE SCHEMA narrow; GRANT USAGE ON SCHEMA narrow TO ${role};
        CREATE TABLE narrow.t (a int, b text); INSERT INTO narrow.t SELECT i, repeat('x', 1000) FROM generate_series(1, 3000) AS i;
        CREATE TABLE narrow.u (a int); INSERT INTO narrow.u VALUES (1);
        GRANT SELECT (a) ON narrow.t TO ${role}; GRANT SELECT ON narrow.u TO ${role}`)
      const run = asRole({ schemas: ['narrow'], chunk_bytes: 1024 * 1024, readers: 2 })
      const discovered = (await run.discover()).get('narrow.t')
      expect(discovered).toMatchObject({
        isResumable: false,
        notes: [expect.anything(), expect.stringContaining('one piece')],
      })
      const destination = new MemoryDestination({ fullRefreshes: ['narrow.t', 'narrow.u'] })
      const catalog = await run.catalog({ 'narrow.t': {}, 'narrow.u': {} })
      let checkpoints = 0
      await destination.take(run.read(catalog), ({ type }) => type === 'checkpoint' && ++checkpoints === 1)
      await destination.take(run.read(catalog, destination.checkpoints))
      expect(new Set(destination.rows('narrow.t').map(([a]) => a)).size).toBe(3000)
      expect(destination.rows('narrow.t')).toHaveLength(3000)
    })

    it('refuses the xmin guard where transaction ids may not be read, with the least SQL that would permit it', async () => {
      await database.run(`CREATE SCHEMA guarded; GRANT USAGE ON SCHEMA guarded TO ${role};
        CREATE TABLE guarded.t (a int, b int); INSERT INTO guarded.t VALUES (1, 2); GRANT SELECT (a) ON guarded.t TO ${role}`)
      const run = asRole({ schemas: ['guarded'], cursor_guard: 'xmin' })
      const read = async () => {
        const destination = new MemoryDestination()
        const catalog = await run.catalog({ 'guarded.t': { ...incremental, cursorColumn: 'a' } }, { isFresh: true })
        await destination.take(run.read(catalog))
        return destination.rows('guarded.t')
      }
      const remedy = `GRANT SELECT (ctid, xmin) ON "guarded"."t" TO "${role}"`
      await expect(read()).rejects.toMatchObject({ code: 'POSTGRES_PRIVILEGE_MISSING', remedy })
      await database.run(remedy)
      expect(await read()).toEqual([['1']])
    })

    it('refuses hidden rows, or reads the visible ones when it is told to', async () => {
      await database.run(`ALTER ROLE ${role} NOBYPASSRLS; CREATE SCHEMA policies; GRANT USAGE ON SCHEMA policies TO ${role};
        CREATE TABLE policies.t (a int); INSERT INTO policies.t VALUES (1), (2); GRANT SELECT ON policies.t TO ${role};
        ALTER TABLE policies.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON policies.t TO ${role} USING (a = 2);
        CREATE TABLE policies.p (a int) PARTITION BY RANGE (a); CREATE TABLE policies.p1 PARTITION OF policies.p DEFAULT;
        INSERT INTO policies.p VALUES (1), (2); GRANT SELECT ON policies.p, policies.p1 TO ${role};
        ALTER TABLE policies.p ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON policies.p TO ${role} USING (a = 2);
        CREATE TABLE policies.q (a int) PARTITION BY RANGE (a); CREATE TABLE policies.q1 PARTITION OF policies.q DEFAULT;
        INSERT INTO policies.q VALUES (1), (2); GRANT SELECT ON policies.q, policies.q1 TO ${role}; ALTER TABLE policies.q1 ENABLE ROW LEVEL SECURITY;
        CREATE VIEW policies.v WITH (security_barrier) AS SELECT * FROM policies.t; ALTER VIEW policies.v OWNER TO ${role}`)
      for (const key of ['policies.t', 'policies.p', 'policies.v']) {
        await expect(readAll(asRole(), key)).rejects.toMatchObject({
          code: 'POSTGRES_ROWS_HIDDEN',
          details: { stream: key },
        })
        expect(await readAll(asRole({ row_level_security: 'apply' }), key)).toEqual([['2']])
      }
      // Policies of a partition do not apply to who reads the whole table.
      expect(await readAll(asRole(), 'policies.q')).toEqual([['1'], ['2']])
    })
  })
})

describe('a pooler', async () => {
  const server = await testServer()

  it('is told apart from PostgreSQL itself, and read through', async () => {
    await using database = await createSourceDatabase(server)
    await database.run('CREATE TABLE t AS SELECT 1 AS a')
    await using pooler = await startFakePooler(server, { permitsTransactions: true })
    const url = new URL(database.connectionString)
    url.port = String(pooler.port)
    const run = new SourceRun({ connection_string: url.href })
    expect(problems(await run.check())).toEqual(['warning: pooler'])
    const destination = new MemoryDestination()
    await destination.take(run.read(await run.catalog()))
    expect(destination.rows('public.t')).toEqual([['1']])
  })

  it('that permits no transactions is refused', async () => {
    await using pooler = await startFakePooler(server, { permitsTransactions: false })
    const url = new URL(server.connectionString())
    url.port = String(pooler.port)
    const findings = await new SourceRun({ connection_string: url.href }).check()
    expect(findings.at(-1)).toMatchObject({ status: 'failed', code: 'POSTGRES_POOLER_UNSUITABLE' })
  })
})
