import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runStatement } from '../conformance/run-cases.ts'
import type { Rows } from '../conformance/run-cases.ts'
import { openEngine } from './engine.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'snowflake-killed-'))
  await onDirectory(
    'CREATE DATABASE db',
    'CREATE TABLE a (id INT)',
    'CREATE TABLE b (last INT) AS SELECT 0',
    'CREATE TABLE c (id INT)',
    'CREATE STREAM s ON TABLE a',
  )
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

async function onDirectory(...statements: readonly string[]): Promise<Rows> {
  const engine = await openEngine({ directory })
  const session = await engine.openSession({ user: 'ADA', database: 'DB', schema: 'PUBLIC' })
  try {
    let rows: Rows = []
    for (const [index, sql] of statements.entries()) rows = await runStatement(session, `q${index}`, sql)
    return rows
  } finally {
    await session.close()
    await engine.close()
  }
}

/** Runs the writer until it is dead; gives the last number that it told. */
async function write(argv: readonly string[], killAfter = Number.POSITIVE_INFINITY): Promise<number> {
  const script = join(import.meta.dirname, '../../testing/killed-writer.ts')
  const writer = spawn(process.execPath, [script, directory, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })
  const dead = new Promise((resolve) => writer.once('exit', resolve))
  let told = 0
  for await (const line of createInterface({ input: writer.stdout })) {
    told = Number(line)
    if (told >= killAfter) writer.kill('SIGKILL')
  }
  await dead
  return told
}

const state =
  'SELECT (SELECT COUNT(*) FROM a), (SELECT MAX(id) FROM a), (SELECT last FROM b), (SELECT COUNT(*) FROM c), (SELECT COUNT(*) FROM s)'

test('killed before COMMIT nothing of the transaction is there, killed before its answer all of it', async () => {
  expect(await write(['4', 'before'])).toBe(3)
  expect(await onDirectory(state)).toEqual([['3', '3', '3', '3', '0']])
  await onDirectory('TRUNCATE TABLE a', 'TRUNCATE TABLE c', 'CREATE OR REPLACE STREAM s ON TABLE a')
  expect(await write(['4', 'after'])).toBe(3)
  expect(await onDirectory(state)).toEqual([['4', '4', '4', '4', '0']])
})

test('killed at any moment, what was told is there, and of the rest a transaction as a whole', async () => {
  const told = await write([], 7)
  const [[rows, most, last, copied, left] = []] = await onDirectory(state)
  expect(Number(rows)).toBeGreaterThanOrEqual(told)
  expect([most, last, copied, left]).toEqual([rows, rows, rows, '0'])
})
