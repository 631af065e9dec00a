import type { PipelineStatus } from '@eclusa/pipeline'
import { EclusaError } from '@eclusa/sdk'
import { describe, expect, test } from 'vitest'
import type { FollowStatus } from '../socket/socket-message.ts'
import { formatStatus, statusDocument } from './status-view.ts'

const nowMs = Date.parse('2026-01-01T00:01:00.000Z')

const status: PipelineStatus = {
  pipeline: 'sales',
  replication: {
    slot: 'eclusa_sales',
    publication: 'eclusa_sales',
    isActive: true,
    position: '0/A',
    serverPosition: '0/F',
    lag: { bytes: 5000 },
    retainedBytes: 2_000_000,
    retainedBytesMax: 50_000_000_000,
    streams: [],
    findings: [{ status: 'warning', subject: 'slot', message: 'It is nearly lost.', remedy: 'Hurry.' }],
  },
  lastCommit: { sequence: 7, rows: 3, bytes: 30, runId: 'r', atMs: nowMs - 20_000 },
  streams: [
    {
      stream: 'sales.orders',
      mode: 'replicated',
      destinationSyncMode: 'append_dedup',
      phase: 'left_behind',
      table: 'sales.orders',
      lastRowsAtMs: nowMs - 90_000,
    },
    { stream: 'sales.view', mode: 'full_refresh', destinationSyncMode: 'overwrite', phase: 'new' },
  ],
}

const follow: FollowStatus = {
  pid: 42,
  pipeline: 'sales',
  runId: 'r',
  startedAtMs: nowMs - 3_600_000,
  hasCaughtUp: true,
  rows: 12_000,
  bytes: 1_200_000,
  rowsPerSecond: 250,
  bytesPerSecond: 25_000,
  lastCommitAtMs: nowMs - 300,
  lag: { ms: 80 },
}

const plain = (view: Parameters<typeof formatStatus>[0]) => formatStatus(view, (_, text) => text).split('\n')

describe('the status of a pipeline', () => {
  test('that is followed tells how it keeps up, what the server keeps and how each stream stands', () => {
    expect(plain({ status, follow, nowMs })).toEqual([
      'Pipeline sales  is followed by process 42 for 1 h 00 min',
      '  position      0/A, the server is at 0/F',
      '  lag           5.00 kB, 380 ms',
      '  server keeps  2.00 MB of its log of 50.0 GB at most',
      '  slot          eclusa_sales, in use',
      '  rate          250 rows/s, 25.0 kB/s; 12,000 rows since the start',
      '  last commit   20.0 s ago, number 7',
      '',
      'warn  slot: It is nearly lost.',
      '      Hurry.',
      '',
      'stream        mode                      state        table         last rows',
      expect.stringMatching(/^─+$/u),
      'sales.orders  replicated, append_dedup  left behind  sales.orders  1 min 30 s ago',
      'sales.view    full refresh, overwrite   new',
    ])
  })

  test('that nobody follows is behind since its last commit', () => {
    const document = statusDocument({ status, follow: undefined, nowMs })
    expect(document).toMatchObject({ isFollowed: false, lag: { bytes: 5000, ms: 20_000 }, position: '0/A' })
    expect(plain({ status, follow: undefined, nowMs })).toContain('  lag           5.00 kB, 20.0 s')
  })

  test('that is behind by nothing is so by no time either, however old its last change was', () => {
    const all = { ...status, replication: { ...status.replication!, lag: { bytes: 0 } } }
    const late = { ...follow, lag: { ms: 25_000 } }
    expect(statusDocument({ status: all, follow: late, nowMs })).toMatchObject({ lag: { bytes: 0, ms: 0 } })
  })

  test('is one JSON document with times and without what only the process counts by', () => {
    expect(JSON.parse(JSON.stringify(statusDocument({ status, follow, nowMs })))).toMatchObject({
      pipeline: 'sales',
      isFollowed: true,
      follow: { pid: 42, startedAt: '2025-12-31T23:01:00.000Z', lastCommitAt: '2026-01-01T00:00:59.700Z' },
      lag: { bytes: 5000, ms: 380 },
      lastCommit: { sequence: 7, at: '2026-01-01T00:00:40.000Z' },
      streams: [
        { stream: 'sales.orders', lastRowsAt: '2025-12-31T23:59:30.000Z' },
        { stream: 'sales.view', phase: 'new' },
      ],
    })
  })

  test('without its source tells what the warehouse holds', () => {
    const gone: PipelineStatus = {
      pipeline: 'sales',
      sourceError: new EclusaError('TIMEOUT', { message: 'The server is away.' }),
      streams: [{ stream: 'sales.orders', mode: 'unknown', phase: 'read', table: 'sales.orders' }],
    }
    expect(plain({ status: gone, follow: undefined, nowMs })).toEqual([
      'Pipeline sales  nobody follows it',
      '  lag           not known: the source cannot be asked',
      '',
      'stream        mode     state  table         last rows',
      expect.stringMatching(/^─+$/u),
      'sales.orders  unknown  read   sales.orders',
    ])
    // What the process knows is of its last commit.
    const document = statusDocument({ status: gone, follow, nowMs })
    expect(document).toMatchObject({ isFollowed: true, lag: undefined, sourceError: { code: 'TIMEOUT' } })
  })
})
