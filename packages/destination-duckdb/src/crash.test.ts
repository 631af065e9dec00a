import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { lineOf, startChild } from '../testing/child.ts'
import type { Child } from '../testing/child.ts'
import { fixtureForEachTest } from '../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

/** More of them find rarer moments: `ECLUSA_TEST_KILLS=50`. */
const kills = Number(process.env['ECLUSA_TEST_KILLS'] ?? 3)

function start(mode: string, total: number, then = ''): Child {
  return startChild('crash-child.ts', [fixture.path, mode, String(total), then])
}

/** Runs to the end. */
async function complete(mode: string, total: number): Promise<void> {
  const run = start(mode, total)
  const ended = once(run, 'exit')
  expect(await lineOf(run, 'complete')).toBe('complete')
  await ended
}

/** Rows of the table that shows them, what the checkpoint says, and whether each row is there once and right. */
async function state(mode: string): Promise<{ rows: number; next: number; isRight: boolean }> {
  const table = mode === 'overwrite' ? 'staging._eclusa_loading_orders' : 'staging.orders'
  const [checkpoint] = await fixture.rows('SELECT state FROM _eclusa.checkpoints')
  const { next } = JSON.parse(checkpoint ?? '{"next":0}') as { next: number }
  const isThere =
    (await fixture.rows(`SELECT 1 FROM duckdb_tables() WHERE '${table}' = schema_name || '.' || table_name`)).length > 0
  if (!isThere) return { rows: 0, next, isRight: true }
  const wrong = `SELECT count(*), count(*) FILTER (note IS DISTINCT FROM 'note of row ' || id), count(DISTINCT id), coalesce(max(id), -1) FROM ${table}`
  const [summary = ''] = await fixture.rows(wrong)
  const [rows, bad, distinct, last] = summary.split('|').map(Number)
  return { rows: rows ?? -1, next, isRight: bad === 0 && distinct === rows && last === next - 1 }
}

/** Deterministic delays, so that a failure can be repeated. */
function* delaysMs(seed: number): Generator<number, never> {
  let value = seed
  while (true) {
    value = (value * 1_103_515_245 + 12_345) % 2 ** 31
    yield (value >> 8) % 120
  }
}

describe('a run killed at any moment', () => {
  it.each([
    ['append', 1],
    ['append_dedup', 2],
    ['overwrite', 3],
    ['changes', 4],
  ])('leaves table and checkpoint in agreement, and the next one goes on (%s)', async (mode, seed) => {
    const delays = delaysMs(seed)
    // A first commit of the refresh, so that modes that merge have a table to merge into.
    await complete(mode, 0)
    if (mode === 'overwrite') await fixture.query('DELETE FROM _eclusa.checkpoints')
    for (let kill = 0; kill < kills; kill++) {
      const run = start(mode, Infinity)
      const ended = once(run, 'exit')
      // Every other time inside the commits that follow one another, else from the start on.
      await lineOf(run, kill % 2 === 0 ? 'committed' : 'ready')
      setTimeout(() => run.kill('SIGKILL'), delays.next().value)
      await ended
      const { rows, next, isRight } = await state(mode)
      expect({ kill, rows, isRight }).toEqual({ kill, rows: next, isRight: true })
    }
    const { next } = await state(mode)
    expect(next).toBeGreaterThan(0)
    await complete(mode, next + 1500)
    expect(await fixture.rows('SELECT count(*), count(DISTINCT id) FROM staging.orders')).toEqual([
      `${next + 1500}|${next + 1500}`,
    ])
  })

  it.each(['exit before commit', 'exit in commit', 'exit while rows are taken'])(
    'leaves both or neither at process.exit, and ends: %s',
    async (then) => {
      await complete('append', 1500)
      await once(start('append', Infinity, then), 'exit')
      const { rows, next, isRight } = await state('append')
      expect({ rows, isRight }).toEqual({ rows: next, isRight: true })
    },
  )
})
