import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { configured } from '@eclusa/warehouse/testing/load'
import { recordingLog } from '../../testing/duckdb-fixture.ts'
import { duckdbConfigSchema } from '../config.ts'
import { openLoad } from './open-load.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eclusa-duckdb-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

it('a load that ran out of the memory it was left is tried again with all that is configured', async () => {
  const config = duckdbConfigSchema.parse({ path: join(directory, 'warehouse.duckdb'), memory_limit: '1GB' })
  const stream = configured()
  const request = {
    config,
    catalog: { streams: [stream] },
    pipeline: 'test',
    runId: 'run',
    bytesMax: 1_000_000,
    log: recordingLog(),
    signal: new AbortController().signal,
  }
  const exhausted = new EclusaError('WAREHOUSE_MEMORY_EXHAUSTED', { message: 'Too much.' })
  const explained = async () => {
    await using opened = await openLoad(request)
    await opened.load.startStream(stream.stream, { resumed: false })
    return opened.explain(exhausted)
  }
  expect(await explained()).toMatchObject({ code: 'DESTINATION_MEMORY_LOWERED', failureType: 'transient_error' })
  expect(await explained()).toBe(exhausted)
})
