import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrorCode } from '@eclusa/sdk'
import type { CheckFinding, ErrorCode } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { lineOf, startChild } from '../testing/child.ts'
import { configured } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const withCode = (code: ErrorCode) => (error: unknown) => hasErrorCode(error, code)

async function check(config = {}): Promise<CheckFinding | undefined> {
  const { findings } = await fixture.destination(config).check(fixture.request([]))
  expect(findings).toHaveLength(1)
  return findings[0]
}

describe('a file that another process writes to', () => {
  it('is refused everywhere, naming the process, and free again when that one was killed', async () => {
    const other = startChild('crash-child.ts', [fixture.path, 'append', 'Infinity', ''])
    await lineOf(other, 'ready')
    for (const use of [
      () => fixture.open([configured()]),
      () => fixture.destination().plan(fixture.request([configured()])),
      () => fixture.destination().openWarehouse?.(fixture.request([])),
    ]) {
      const attempt = use()
      await expect(attempt).rejects.toSatisfy(withCode('DESTINATION_BUSY'))
      await expect(attempt).rejects.toThrow(`process ${other.pid}`)
    }
    expect(await check()).toMatchObject({ status: 'failed', code: 'DESTINATION_BUSY' })
    const ended = once(other, 'exit')
    other.kill('SIGKILL')
    await ended
    expect(await check()).toMatchObject({ status: 'passed' })
  })
})

describe('a disk that is full', () => {
  // The limit of the shell on the size of a file is the disk of a process; ignored signals are inherited.
  const limited = (kib: number) => ['bash', '-c', `trap '' XFSZ; ulimit -f ${kib}; exec "$0" "$@"`]
  const load = async (total: number, wrapper: readonly string[] = []) => {
    const child = startChild('full-disk-child.ts', [fixture.path, String(total)], wrapper)
    const ended = once(child, 'exit')
    const line = await lineOf(child)
    await ended
    return line
  }

  it('ends the run with its name; what was committed stays, and a later run goes on', async () => {
    expect(await load(1000)).toBe('complete')
    expect(await load(60_000, limited(12_000))).toBe('DUCKDB_DISK_FULL')
    const [state = ''] = await fixture.rows('SELECT state FROM _eclusa.checkpoints')
    const { next } = JSON.parse(state) as { next: number }
    expect(next).toBeGreaterThan(1000)
    expect(next).toBeLessThan(60_000)
    const counts = 'SELECT count(*), count(DISTINCT id), max(id) FROM staging.orders'
    expect(await fixture.rows(counts)).toEqual([`${next}|${next}|${next - 1}`])
    expect(await load(next + 1000)).toBe('complete')
    expect(await fixture.rows(counts)).toEqual([`${next + 1000}|${next + 1000}|${next + 999}`])
  })
})

describe('check', () => {
  it('passes for a file that is missing and can be made, without making it', async () => {
    const path = join(fixture.directory, 'new', 'w.duckdb')
    expect(await check({ path })).toMatchObject({ status: 'passed' })
    expect(await check({ path })).toMatchObject({ message: 'It does not exist yet and can be created.' })
  })

  it('passes for a file that is there', async () => {
    await fixture.load(configured(), [])
    expect(await check()).toMatchObject({ status: 'passed', message: expect.stringContaining('"warehouse"') })
  })

  it('fails for what is no database', async () => {
    writeFileSync(fixture.path, 'a letter to the editor '.repeat(1000))
    expect(await check()).toMatchObject({ status: 'failed', code: 'DUCKDB_NOT_A_DATABASE' })
    await expect(fixture.open()).rejects.toSatisfy(withCode('DUCKDB_NOT_A_DATABASE'))
  })

  it.skipIf(process.getuid?.() === 0)('fails for a directory that cannot be written to', async () => {
    const closed = join(fixture.directory, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0o555)
    expect(await check({ path: join(closed, 'deeper', 'w.duckdb') })).toMatchObject({ code: 'DUCKDB_UNWRITABLE' })
  })

  it('fails for a directory that cannot be made because a file is in its place', async () => {
    writeFileSync(join(fixture.directory, 'file'), '')
    const path = join(fixture.directory, 'file', 'w.duckdb')
    await expect(fixture.open([configured()], { config: { path } })).rejects.toSatisfy(withCode('DUCKDB_UNWRITABLE'))
  })
})

describe('plan', () => {
  const plan = async (of = configured()) => {
    const statements = await fixture.destination().plan(fixture.request([of]))
    return statements.map(({ sql, reason }) => `${reason}: ${sql}`)
  }

  it('tells what a first run would make, and changes nothing', async () => {
    expect(await plan()).toEqual([
      'new schema: CREATE SCHEMA IF NOT EXISTS "staging"',
      expect.stringMatching(
        /^new table: CREATE TABLE "staging"."orders" \("id" INTEGER, "note" VARCHAR, "_airbyte_raw_id"/,
      ),
    ])
    expect(await plan()).toHaveLength(2)
  })

  it('tells how tables would follow their streams', async () => {
    const columns = { id: 'int32', amount: 'int16' }
    await fixture.load(configured({ destinationSyncMode: 'append', columns }), [])
    const changed = configured({
      destinationSyncMode: 'append',
      columns: { id: 'int64', amount: 'text', vat: 'int16' },
    })
    expect(await plan(changed)).toEqual([
      'column "id" changed from INTEGER to BIGINT: ALTER TABLE "staging"."orders" ALTER COLUMN "id" TYPE BIGINT',
      'column "amount" changed from SMALLINT to VARCHAR: ALTER TABLE "staging"."orders" ADD COLUMN "amount_v2" VARCHAR',
      'column "vat" is new in the source: ALTER TABLE "staging"."orders" ADD COLUMN "vat" SMALLINT',
    ])
    expect(await plan(configured({ destinationSyncMode: 'append', columns }))).toEqual([])
  })

  it('tells of a new table where a refresh would replace one of other columns', async () => {
    await fixture.load(configured(), [])
    expect(await plan()).toEqual([])
    expect(await plan(configured({ columns: { id: 'int64', note: 'text' } }))).toEqual([
      expect.stringMatching(/changes from INTEGER to BIGINT\.: CREATE TABLE "staging"\."orders"/),
    ])
  })
})
