import { formatColumnType } from '@eclusa/sdk'
import type { DiscoveredStream } from '@eclusa/sdk'
import { testServers } from '@eclusa/postgres-local/testing'
import { Client } from 'pg'
import { describe, expect, it, vi } from 'vitest'
import { SourceRun } from '../testing/source-run.ts'
import type { SourceConfig } from '../testing/source-run.ts'
import { suiteDatabase, suiteRole } from '../testing/suite-database.ts'

describe.each(await testServers())('on PostgreSQL $major, discover', (server) => {
  const database = suiteDatabase(server)
  const role = `discoverer_${server.major}`
  suiteRole(database, role)

  async function discover(config: SourceConfig = {}): Promise<Map<string, DiscoveredStream>> {
    return await new SourceRun({ connection_string: database.connectionString, ...config }).discover()
  }

  function columns(stream: DiscoveredStream | undefined): string[] {
    return stream!.schema.columns.map(
      ({ name, type, sourceType }) => `${name} ${formatColumnType(type)} (${sourceType})`,
    )
  }

  it('tells kinds, modes and keys of everything that has rows', async () => {
    await database.run(`CREATE SCHEMA kinds; SET search_path TO kinds; CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA public;
      CREATE TABLE plain (b int, a text, at timestamptz, PRIMARY KEY (a, b)); CREATE TABLE keyless (j json);
      CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parted DEFAULT;
      CREATE VIEW seen AS SELECT * FROM plain; CREATE MATERIALIZED VIEW stored AS SELECT 1 AS one;
      CREATE SERVER elsewhere_${server.major} FOREIGN DATA WRAPPER postgres_fdw;
      CREATE FOREIGN TABLE far (a float8) SERVER elsewhere_${server.major};
      CREATE SEQUENCE counting; CREATE TYPE composite AS (a int); CREATE INDEX ON plain (at); CREATE TEMP TABLE passing (a int); RESET search_path`)
    const streams = await discover({ schemas: ['kinds'] })
    const facts = [...streams].map(([key, stream]) => [
      key,
      stream.kind,
      stream.syncModes.length,
      stream.primaryKey.join(),
      stream.isResumable,
    ])
    expect(facts).toEqual([
      ['kinds.far', 'foreign_table', 1, '', false],
      ['kinds.keyless', 'table', 2, '', true],
      ['kinds.parted', 'partitioned_table', 2, 'id', true],
      ['kinds.plain', 'table', 2, 'a,b', true],
      ['kinds.seen', 'view', 2, '', false],
      ['kinds.stored', 'materialized_view', 2, '', true],
    ])
    expect(streams.get('kinds.plain')?.cursorCandidates).toEqual(['b', 'a', 'at'])
    const byCursor = await discover({ schemas: ['kinds'], cursor_guard: 'none' })
    expect(byCursor.get('kinds.keyless')?.syncModes).toEqual(['full_refresh'])
    const withPartitions = await discover({ schemas: ['kinds'], discover_partitions: true })
    expect([...withPartitions.keys()]).toContain('kinds.part')
  })

  it('tells which tables are replicated, and says of the others that they are not', async () => {
    await database.run(`CREATE SCHEMA logs; SET search_path TO logs;
      CREATE TABLE plain (id int PRIMARY KEY, d float8); CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
      CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE mother (id int PRIMARY KEY);
      CREATE TABLE child () INHERITS (mother); CREATE VIEW seen AS SELECT * FROM plain; RESET search_path`)
    const cdc: SourceConfig = { schemas: ['logs'], replication_method: { method: 'CDC' } }
    const replicated = async (config: SourceConfig) =>
      [...(await discover(config)).values()].filter(({ isReplicated }) => isReplicated).map(({ stream }) => stream.name)
    expect(await replicated(cdc)).toEqual(['child', 'mother', 'parted', 'plain'])
    expect(await replicated({ ...cdc, include_inherited: true })).toEqual(['child', 'parted', 'plain'])
    expect(await replicated({ schemas: ['logs'] })).toEqual([])
    const streams = await discover({ ...cdc, cursor_guard: 'none' })
    expect(streams.get('logs.plain')).toMatchObject({ cursorChoice: 'optional' })
    expect(streams.get('logs.seen')?.notes.join()).toContain('not replicated')
  })

  it('describes types of every kind, all the way down', async () => {
    await database.run(`CREATE SCHEMA types; SET search_path TO types; CREATE TYPE mood AS ENUM ('happy'); CREATE DOMAIN price AS numeric(12,2) CHECK (VALUE > 0);
      CREATE DOMAIN prices AS price[]; CREATE TYPE item AS (name text, price price, moods mood[]); CREATE TYPE span AS RANGE (subtype = time);
      CREATE TABLE t (a mood, b price, c prices, d item, e item[], f span, g int4multirange, h int[][], i varchar(3)[], j numeric, k numeric(50, 3), l "char", m interval day, n timestamptz(3));
      RESET search_path`)
    const streams = await discover({ schemas: ['types'] })
    expect(columns(streams.get('types.t'))).toMatchInlineSnapshot(`
      [
        "a text (types.mood)",
        "b decimal(12,2) (types.price)",
        "c list<decimal(12,2)> (types.prices)",
        "d json (types.item)",
        "e list<json> (types.item[])",
        "f text (types.span)",
        "g text (int4multirange)",
        "h json (integer[])",
        "i list<text> (character varying(3)[])",
        "j text (numeric)",
        "k text (numeric(50,3))",
        "l text ("char")",
        "m interval (interval day)",
        "n timestamptz (timestamp(3) with time zone)",
      ]
    `)
    const decimal = await discover({ schemas: ['types'], unconstrained_numeric: 'decimal(38,9)' })
    expect(columns(decimal.get('types.t'))[9]).toBe('j decimal(38,9) (numeric)')
  })

  it('keeps names as they are, and two that differ only in case apart', async () => {
    await database.run(`CREATE SCHEMA "Näme.with ""all"""; CREATE TABLE "Näme.with ""all"""."😀" ("A" int, a int, "select" int);
      CREATE SCHEMA cases; CREATE TABLE cases.t (a int); CREATE TABLE cases."T" (a int); CREATE TABLE cases.${'x'.repeat(63)} (a int)`)
    const streams = await discover()
    expect(streams.get('Näme.with "all".😀')?.schema.columns.map(({ name }) => name)).toEqual(['A', 'a', 'select'])
    expect([...streams.keys()].filter((key) => key.startsWith('cases.'))).toEqual([
      'cases.T',
      'cases.t',
      `cases.${'x'.repeat(63)}`,
    ])
  })

  it('leaves out, and names, two tables whose schema and name read alike', async () => {
    await database.run(
      `CREATE SCHEMA "dot.ted"; CREATE SCHEMA dot; CREATE TABLE "dot.ted".t (a int); CREATE TABLE dot."ted.t" (b int)`,
    )
    const run = new SourceRun({ connection_string: database.connectionString, schemas: ['dot', 'dot.ted'] })
    expect([...(await run.discover()).keys()]).toEqual(['dot.ted.t'])
    expect(run.log.warnings).toEqual([expect.stringContaining('rename')])
  })

  it('estimates rows and bytes, of partitions too, and says nothing where there are no statistics', async () => {
    await database.run(`CREATE SCHEMA sizes; CREATE TABLE sizes.t AS SELECT i, repeat('x', 500) AS a FROM generate_series(1, 1000) AS i;
      CREATE TABLE sizes.p (i int) PARTITION BY RANGE (i); CREATE TABLE sizes.p1 PARTITION OF sizes.p FOR VALUES FROM (0) TO (100);
      CREATE TABLE sizes.p2 PARTITION OF sizes.p DEFAULT; INSERT INTO sizes.p SELECT generate_series(1, 1000);
      CREATE TABLE sizes.unknown (a int); CREATE VIEW sizes.v AS SELECT 1 AS a; ANALYZE sizes.t; ANALYZE sizes.p`)
    const streams = await discover({ schemas: ['sizes'] })
    expect(streams.get('sizes.t')).toMatchObject({ rowsEstimated: 1000, bytesEstimated: expect.any(Number) })
    expect(streams.get('sizes.t')!.bytesEstimated).toBeGreaterThan(500_000)
    expect(streams.get('sizes.p')).toMatchObject({ rowsEstimated: 1000 })
    expect(streams.get('sizes.unknown')).not.toHaveProperty('rowsEstimated')
    expect(streams.get('sizes.v')).not.toHaveProperty('bytesEstimated')
  })

  it('does not wait for a table that someone holds exclusively', async () => {
    await database.run(`CREATE SCHEMA held; CREATE TABLE held.t (a int)`)
    await using holder = await database.open()
    await holder.run('BEGIN; LOCK TABLE held.t IN ACCESS EXCLUSIVE MODE')
    expect([...(await discover({ schemas: ['held'], lock_timeout_ms: 5000 })).keys()]).toEqual(['held.t'])
  })

  it('leaves out what the role may not read, and notes what it may read in part', async () => {
    await database.run(`CREATE SCHEMA open; CREATE SCHEMA shut; GRANT USAGE ON SCHEMA open TO ${role};
      CREATE TABLE shut.t (a int); GRANT SELECT ON shut.t TO ${role}; CREATE TABLE open.secret (a int);
      CREATE TABLE open.t (a int PRIMARY KEY, b int, c int); GRANT SELECT (b, c) ON open.t TO ${role};
      CREATE TABLE open.r (a int); GRANT SELECT ON open.r TO ${role}; ALTER TABLE open.r ENABLE ROW LEVEL SECURITY;
      CREATE UNLOGGED TABLE open.u (a int); GRANT SELECT ON open.u TO ${role}`)
    const url = new URL(database.connectionString)
    url.username = role
    url.password = 'secret'
    const run = new SourceRun({ connection_string: url.href, schemas: ['open', 'shut'] })
    const streams = await run.discover()
    expect([...streams.keys()]).toEqual(['open.r', 'open.t', 'open.u'])
    expect(run.log.warnings).toHaveLength(1)
    expect(columns(streams.get('open.t'))).toEqual(['b int32 (integer)', 'c int32 (integer)'])
    expect(streams.get('open.t')).toMatchObject({
      primaryKey: [],
      notes: [
        'columns left out, no SELECT privilege: "a"',
        'SELECT on columns only: copied in one piece, from the start after an interruption, and not by cursor_guard xmin',
      ],
    })
    expect(streams.get('open.r')?.notes).toEqual([expect.stringContaining('reading it is refused')])
    expect(streams.get('open.u')?.notes).toEqual([expect.stringContaining('unlogged')])
  })

  it('leaves out tables of the system and of extensions', async () => {
    await database.run('CREATE SCHEMA tools; CREATE EXTENSION pg_stat_statements SCHEMA tools')
    const keys = [...(await discover()).keys()]
    expect(keys.filter((key) => /^(pg_|information_schema|tools\.)/u.test(key))).toEqual([])
  })

  it('names a schema that does not exist', async () => {
    await expect(discover({ schemas: ['public', 'Public'] })).rejects.toMatchObject({
      code: 'POSTGRES_SCHEMA_MISSING',
      details: { schemas: ['Public'] },
    })
  })

  it('asks a constant number of questions, however many tables there are', async () => {
    const asked = vi.spyOn(Client.prototype, 'query')
    await database.run(`CREATE SCHEMA few; CREATE TABLE few.t (a int PRIMARY KEY, b text)`)
    asked.mockClear()
    await discover({ schemas: ['few'] })
    const few = asked.mock.calls.length
    await database.run(`CREATE SCHEMA many; DO $$ BEGIN FOR i IN 1..300 LOOP
      EXECUTE format('CREATE TABLE many.t%s (a int PRIMARY KEY, b text, c numeric(10,%s), d text[])', i, i % 10); END LOOP; END $$`)
    asked.mockClear()
    expect((await discover({ schemas: ['many'] })).size).toBe(300)
    expect(asked.mock.calls.length).toBe(few)
    asked.mockRestore()
  })
})
