import { testMajors } from '@eclusa/postgres-local/testing'
import { EclusaError } from '@eclusa/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../testing/database.ts'
import { MemoryDestination, sorted } from '../testing/memory-destination.ts'
import { ReplicatedRun, replicated } from '../testing/replicated-run.ts'
import { SourceRun, incremental } from '../testing/source-run.ts'
import { startStandbyPair } from '../testing/standby.ts'

for (const major of testMajors) {
  const pair = await startStandbyPair(major)
  if (pair === undefined) continue
  describe(`a standby of PostgreSQL ${major}`, () => {
    const { primary, primaryUrl, standbyUrl } = pair
    beforeAll(async () => {
      await primary.run(`CREATE TABLE t AS SELECT i AS id, repeat('x', 1000) AS text FROM generate_series(1, 100) AS i`)
      await pair.catchUp()
    })
    afterAll(async () => await pair[Symbol.asyncDispose]())

    const config = { connection_string: standbyUrl, readers: 3, chunk_bytes: 4 * 8192 }

    it('is told apart from a primary, with a warning as long as that does not hear of what is read', async () => {
      const warned = async () => {
        const findings = await new SourceRun(config).check()
        expect(findings.map(({ subject }) => subject)).toContain('standby')
        return findings.filter(({ status }) => status !== 'passed').map(({ subject }) => subject)
      }
      expect(await warned()).toEqual(['standby'])
      await pair.standby.run('ALTER SYSTEM SET hot_standby_feedback = on')
      await pair.standby.run('SELECT pg_reload_conf()')
      await waitUntil('the setting is in force', async () => (await warned()).length === 0)
      await pair.standby.run('ALTER SYSTEM RESET hot_standby_feedback')
      await pair.standby.run('SELECT pg_reload_conf()')
    })

    it('is copied by one connection, and shows afterwards what its primary commits', async () => {
      const run = new SourceRun({ ...config, application_name: 'from standby' })
      const catalog = await run.catalog({ 'public.t': incremental })
      const destination = new MemoryDestination()
      await using late = await pair.open()
      await late.run(`BEGIN; SELECT pg_current_xact_id(); SAVEPOINT a; INSERT INTO t VALUES (-1, '')`)
      await primary.run(`INSERT INTO t VALUES (-2, '')`)
      await pair.catchUp()
      await destination.take(run.read(catalog))
      expect(destination.rows('public.t')).toHaveLength(101)
      await late.run('COMMIT')
      await primary.run(`INSERT INTO t VALUES (-3, '')`)
      await pair.catchUp()
      await destination.take(run.read(catalog, destination.checkpoints))
      await destination.take(run.read(catalog, destination.checkpoints))
      expect(sorted(destination.rows('public.t'))).toEqual(sorted(await primary.run('SELECT * FROM t')))
    })

    it('goes on with a copy that was interrupted', async () => {
      const run = new SourceRun(config)
      const catalog = await run.catalog({ 'public.t': {} })
      const destination = new MemoryDestination()
      await destination.take(run.read(catalog), ({ type }) => type === 'checkpoint')
      await destination.take(run.read(catalog, destination.checkpoints))
      expect(destination.messages.at(0)).toMatchObject({ type: 'stream_started', resumed: true })
      expect(destination.messages.map(({ type }) => type)).not.toContain('stream_restarted')
      expect(sorted(destination.rows('public.t'))).toEqual(sorted(await primary.run('SELECT * FROM t')))
    })

    it('is the same source as its primary, until one of them lags behind', async () => {
      const atPrimary = new SourceRun({ connection_string: primaryUrl })
      const catalog = await atPrimary.catalog({ 'public.t': incremental })
      const destination = new MemoryDestination()
      await destination.take(new SourceRun(config).read(catalog))
      await primary.run(`INSERT INTO t VALUES (-4, '')`)
      await destination.take(atPrimary.read(catalog, destination.checkpoints))
      expect(sorted(destination.rows('public.t'))).toEqual(sorted(await primary.run('SELECT * FROM t')))
    })

    const database = { connectionString: standbyUrl, run: async (sql: string) => await primary.run(sql) }
    const replicate = () => new ReplicatedRun(database, 'from_standby', { keys: { 'public.r': ['id'] } })

    it.runIf(major < 16)('cannot be replicated from before 16', async () => {
      await primary.run('CREATE TABLE r (id int PRIMARY KEY)')
      await pair.catchUp()
      await expect(replicate().run({ 'public.r': replicated })).rejects.toMatchObject({
        code: 'REPLICATION_STANDBY_UNSUPPORTED',
      })
    })

    it.runIf(major >= 16)('is replicated from, with the publication of its primary', async () => {
      await primary.run(
        `CREATE TABLE r (id int PRIMARY KEY, text text); INSERT INTO r SELECT i FROM generate_series(1, 50) AS i`,
      )
      await pair.catchUp()
      const run = replicate()
      const error = await run.run({ 'public.r': replicated }).catch((caught: unknown) => caught)
      if (!EclusaError.isInstance(error)) throw error
      expect(error.code).toBe('REPLICATION_PUBLICATION_MISSING')
      await primary.run(error.remedy)
      await using late = await pair.open()
      await late.run(`BEGIN; SAVEPOINT a; INSERT INTO r VALUES (101, 'late')`)
      await primary.run(`INSERT INTO r VALUES (102, 'before it is committed')`)
      await pair.catchUp()
      const reading = run.run({ 'public.r': replicated })
      await late.run('COMMIT')
      // What makes a slot wait no longer than it has to.
      const ticking = setInterval(() => void primary.run('SELECT pg_log_standby_snapshot()'), 50)
      await reading.finally(() => clearInterval(ticking))
      await primary.run(`DELETE FROM r WHERE id = 7; UPDATE r SET text = 'changed' WHERE id = 8`)
      await pair.catchUp()
      await run.run({ 'public.r': replicated })
      const { source, destination } = await run.rows('public.r', ['id', 'text'])
      expect(destination).toEqual(source)
    })
  })
}
