import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SnowflakeFixture } from '../testing/snowflake-fixture.ts'

let fixture: SnowflakeFixture
beforeAll(async () => {
  fixture = await SnowflakeFixture.open()
})
afterAll(() => fixture[Symbol.asyncDispose]())
beforeEach(() => fixture.renew())

/** More of them find rarer moments: `ECLUSA_TEST_KILLS=50`. */
const kills = Number(process.env['ECLUSA_TEST_KILLS'] ?? 1)

type Child = ChildProcess & { readonly stdout: NodeJS.ReadableStream }

function start(mode: string, total: number): Child {
  const words = [join(import.meta.dirname, '../testing/crash-child.ts'), JSON.stringify(fixture.config())]
  return spawn(process.execPath, [...words, fixture.pipeline, mode, String(total)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function lineOf(child: Child, beginning: string): Promise<string | undefined> {
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith(beginning)) return line
  return undefined
}

async function complete(mode: string, total: number): Promise<void> {
  const run = start(mode, total)
  const ended = once(run, 'exit')
  expect(await lineOf(run, 'complete')).toBe('complete')
  await ended
}

/** Rows of the table, what the checkpoint says, and whether each row is there once and right. */
async function state(mode: string): Promise<{ rows: number; next: number; isRight: boolean }> {
  const table = mode === 'overwrite' ? '"_ECLUSA_LOADING_ORDERS"' : 'orders'
  const [checkpoint = '{"next":0}'] = await fixture.rows(
    `SELECT state FROM SHOP."_ECLUSA".CHECKPOINTS WHERE pipeline = '${fixture.pipeline}'`,
  )
  const { next } = JSON.parse(checkpoint) as { next: number }
  const tables = await fixture.rows(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = '${fixture.schema}'`,
  )
  if (!tables.includes(table.replaceAll('"', '').toUpperCase())) return { rows: 0, next, isRight: next === 0 }
  const [summary = ''] = await fixture.rows(
    `SELECT COUNT(*), COUNT_IF(note IS DISTINCT FROM 'note of row ' || id), COUNT(DISTINCT id), COALESCE(MAX(id), -1) FROM ${table}`,
  )
  const [rows = -1, bad, distinct, last] = summary.split('|').map(Number)
  return { rows, next, isRight: bad === 0 && distinct === rows && last === next - 1 }
}

/** Deterministic delays, so that a failure can be repeated. */
function* delaysMs(seed: number): Generator<number, never> {
  let value = seed
  while (true) {
    value = (value * 1_103_515_245 + 12_345) % 2 ** 31
    yield (value >> 8) % 600
  }
}

describe('a run killed at any moment', () => {
  it.each([
    ['append_dedup', 2],
    ['overwrite', 3],
    ['changes', 4],
  ])(
    'leaves table and checkpoint in agreement, and the next one goes on (%s)',
    async (mode, seed) => {
      const delays = delaysMs(seed)
      // A first commit of the refresh, so that modes that merge have a table to merge into.
      if (mode !== 'overwrite') await complete(mode, 0)
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
      await complete(mode, next + 100)
      expect(await fixture.rows('SELECT COUNT(*), COUNT(DISTINCT id) FROM orders')).toEqual([
        `${next + 100}|${next + 100}`,
      ])
    },
    600_000,
  )
})
