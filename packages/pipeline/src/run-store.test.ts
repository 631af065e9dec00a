import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { RunEvent } from '@eclusa/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRunStore } from './run-store.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'run store '))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

function started(runId: string, at: string, pipeline = 'sales'): RunEvent {
  return { type: 'run_started', version: 1, at, pipeline, runId, streams: [], steps: [] }
}
function completed(runId: string, at: string, rows: number): RunEvent {
  return {
    type: 'run_completed',
    version: 1,
    at,
    pipeline: 'sales',
    runId,
    status: 'succeeded',
    rows,
    bytes: 10,
    unrepresentable: 0,
    durationMs: 5,
  }
}
function committed(runId: string, at: string, rows: number): RunEvent {
  return {
    type: 'committed',
    version: 1,
    at,
    pipeline: 'sales',
    runId,
    sequence: 1,
    rows,
    bytes: 7,
    durationMs: 1,
    streams: [{ name: 'orders' }],
  }
}

describe('run store', () => {
  it('lists the newest run first, with its outcome', async () => {
    const store = openRunStore({ directory })
    await store.append(started('a', '2026-01-01T00:00:00.000Z'))
    await store.append(completed('a', '2026-01-01T00:00:05.000Z', 3))
    await store.append(started('b', '2026-01-02T00:00:00.000Z'))
    await store.append(completed('b', '2026-01-02T00:00:05.000Z', 4))
    expect((await store.list()).map(({ runId, status, rows }) => ({ runId, status, rows }))).toEqual([
      { runId: 'b', status: 'succeeded', rows: 4 },
      { runId: 'a', status: 'succeeded', rows: 3 },
    ])
  })

  it('counts what a run that never ended has committed', async () => {
    const store = openRunStore({ directory })
    await store.append(started('a', '2026-01-01T00:00:00.000Z'))
    await store.append(committed('a', '2026-01-01T00:00:02.000Z', 30))
    await store.append(committed('a', '2026-01-01T00:00:03.000Z', 12))
    expect(await store.list()).toMatchObject([{ status: 'unfinished', rows: 42, bytes: 14, durationMs: 3000 }])
  })

  it('reads past a line that a crash cut off', async () => {
    const store = openRunStore({ directory })
    await store.append(started('a', '2026-01-01T00:00:00.000Z'))
    const [file] = await readdir(directory)
    await appendFile(path.join(directory, file ?? ''), '{"type":"committed","ver')
    expect(await store.events('a')).toHaveLength(1)
  })

  it('keeps only the newest runs', async () => {
    for (const day of ['01', '02', '03']) {
      await openRunStore({ directory, runsMax: 2 }).append(started(`run${day}`, `2026-01-${day}T00:00:00.000Z`))
    }
    expect((await openRunStore({ directory }).list()).map(({ runId }) => runId)).toEqual(['run03', 'run02'])
  })

  it('lists one pipeline only when asked', async () => {
    const store = openRunStore({ directory })
    await store.append(started('a', '2026-01-01T00:00:00.000Z', 'sales'))
    await store.append(started('b', '2026-01-02T00:00:00.000Z', 'hr'))
    expect((await store.list({ pipeline: 'sales' })).map(({ runId }) => runId)).toEqual(['a'])
  })

  it('fails with RUN_STORE_UNREADABLE when the folder is a file', async () => {
    const file = path.join(directory, 'taken')
    await writeFile(file, '')
    await expect(
      openRunStore({ directory: file }).append(started('a', '2026-01-01T00:00:00.000Z')),
    ).rejects.toMatchObject({
      code: 'RUN_STORE_UNREADABLE',
    })
  })
})
