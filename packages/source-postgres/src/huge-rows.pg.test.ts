import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { testServer } from '@eclusa/postgres-local/testing'
import { describe, expect, it } from 'vitest'
import { suiteDatabase } from '../testing/suite-database.ts'

const run = promisify(execFile)
const program = fileURLToPath(new URL('../testing/read-huge-rows.ts', import.meta.url))

const rowBytes = 32 * 1024 * 1024
/** Batches as usual, and what a process takes for having begun to work at all. */
const usualBytes = 48 * 1024 * 1024

describe('rows of 32 MiB', async () => {
  const server = await testServer()
  const database = suiteDatabase(
    server,
    `CREATE VIEW huge AS SELECT i AS id, repeat(md5(i::text), ${rowBytes / 32}) AS body FROM generate_series(1, 6) AS i`,
  )

  it.each([
    { what: 'a table copy', key: 'public.huge', syncMode: 'full_refresh', rowsHeld: 3 },
    { what: 'a query as a stream', key: 'huge_query', syncMode: 'full_refresh', rowsHeld: 4 },
    { what: 'an incremental stream', key: 'public.huge', syncMode: 'incremental', rowsHeld: 4 },
  ])('are in memory no more than $rowsHeld times at once by $what', async ({ key, syncMode, rowsHeld }) => {
    const { stdout } = await run(process.execPath, ['--expose-gc', program, database.connectionString, key, syncMode])
    const { rows, bytesGrown } = JSON.parse(stdout) as { rows: number; bytesGrown: number }
    expect(rows).toBe(6)
    expect(bytesGrown).toBeLessThan(rowsHeld * rowBytes + usualBytes)
  })
})
