import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Fault } from '@eclusa/snowflake-local'
import { batchOf, configured } from '@eclusa/warehouse/testing/load'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SnowflakeFixture } from '../../testing/snowflake-fixture.ts'

let fixture: SnowflakeFixture

beforeAll(async () => {
  fixture = await SnowflakeFixture.open()
})
afterAll(() => fixture[Symbol.asyncDispose]())
beforeEach(() => fixture.renew())

const of = configured({ syncMode: 'incremental', destinationSyncMode: 'append' })
const counts = 'SELECT COUNT(*), COUNT(DISTINCT ID), SUM(ID) FROM ORDERS'

const storms: [string, Fault[]][] = [
  [
    'a storage that is slow and busy, cuts uploads and lets tokens expire',
    [
      { kind: 'stage-token-expired', times: 2 },
      { kind: 'unavailable', at: 'stage', times: 4 },
      { kind: 'too-many-requests', at: 'stage', times: 2 },
      { kind: 'connection-cut', at: 'stage', times: 3 },
      { kind: 'slow', at: 'stage', times: 2, delayMs: 100 },
    ],
  ],
  [
    'sessions that expire',
    [
      { kind: 'session-expired', times: 3 },
      { kind: 'session-expired', times: 2, after: 20 },
    ],
  ],
  ['an answer of COPY that is lost', [{ kind: 'answer-lost', statement: '^copy', times: 1 }]],
]

describe('nothing is lost and nothing comes twice through', () => {
  it.each(storms)('%s', { timeout: 30_000 }, async (_, faults) => {
    await using session = await fixture.open([of])
    await session.startStream(of.stream, { resumed: false })
    for (const fault of faults) fixture.account.server.faults.inject(fault)
    for (let batch = 0; batch < 4; batch++) {
      const rows = Array.from({ length: 50 }, (__, row): unknown[] => [batch * 50 + row, `note ${row}`])
      await session.write(batchOf(rows, of))
      if (batch === 1) await session.commit([{ stream: of.stream, state: { batch } }])
    }
    await session.completeStream(of.stream)
    await session.commit([{ stream: of.stream, state: { batch: 3 } }])
    expect(await fixture.rows(counts)).toEqual(['200|200|19900'])
    const hits = fixture.account.server.faults.list().map((fault) => fault.hits)
    expect(Math.min(...hits)).toBeGreaterThan(0)
  })
})

describe('a disk that is full', () => {
  const notes = configured({
    syncMode: 'incremental',
    destinationSyncMode: 'append',
    columns: { id: 'int32', note: 'bytes' },
  })

  /** Loads in a process of its own, whose files may have so many KiB: to it, that is a full disk. */
  async function loadLimited(total: number, fileKibMax: number): Promise<string> {
    const { account, host, port } = fixture.account.server
    const settings = {
      account,
      host,
      port,
      protocol: 'http',
      username: 'LOADER',
      credentials: { auth_type: 'password', password: 'p' },
      warehouse: 'LOADING',
      database: 'SHOP',
      schema: fixture.schema,
      staging_directory: fixture.directory,
    }
    const program = join(import.meta.dirname, '../../testing/full-disk-child.ts')
    // A signal that is ignored is inherited so.
    const limited = `trap '' XFSZ; ulimit -f ${fileKibMax}; exec "$0" "$@"`
    const words = ['-c', limited, process.execPath, program, JSON.stringify(settings), String(total)]
    const child = spawn('bash', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')])
    return printed.trim()
  }

  it('ends the run with its name; what was committed stays, and a later run goes on', { timeout: 60_000 }, async () => {
    const pipeline = 'full disk'
    const rowsFrom = (first: number) => Array.from({ length: 500 }, (_, row): unknown[] => [first + row, null])
    await fixture.load(notes, rowsFrom(0), { pipeline, state: { next: 500 } })
    expect(await loadLimited(60_000, 1200)).toBe('STAGING_DISK_FULL')
    const [state = ''] = await fixture.rows(`SELECT STATE FROM SHOP._ECLUSA.CHECKPOINTS WHERE PIPELINE = '${pipeline}'`)
    const { next } = JSON.parse(state) as { next: number }
    expect(next).toBeGreaterThan(500)
    expect(next).toBeLessThan(60_000)
    const ids = 'SELECT COUNT(*), COUNT(DISTINCT ID), MAX(ID) FROM ORDERS'
    expect(await fixture.rows(ids)).toEqual([`${next}|${next}|${next - 1}`])
    await fixture.load(notes, rowsFrom(next), { pipeline, resumed: true, state: { next: next + 500 } })
    expect(await fixture.rows(ids)).toEqual([`${next + 500}|${next + 500}|${next + 499}`])
    expect(await readdir(fixture.directory)).toEqual([])
  })
})
