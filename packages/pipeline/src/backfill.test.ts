import { EclusaError } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { FollowedLog } from '../testing/followed-log.ts'
import { memory } from '../testing/memory-destination.ts'
import { definePipeline } from './pipeline.ts'

/** A pipeline of three streams, the last of which is not replicated, that has run once. */
async function copied() {
  const log = new FollowedLog()
  const destination = memory()
  const streams = ['a', { name: 'b', destinationSyncMode: 'append' as const }, 'view']
  const source = log.source(['a', 'b'], ['view'])
  const pipeline = definePipeline({ source, destination, streams, retryDelayMsBase: 0, failuresMax: 1 })
  await pipeline.run().result
  return { log, destination, pipeline }
}

describe('a back-fill', () => {
  it('is asked of the source by the next run, until it is committed', async () => {
    const { log, pipeline } = await copied()
    await pipeline.backfill('a', ['note'])
    log.failOnce(new EclusaError('TIMEOUT', { message: 'The server went away.' }))
    expect(await pipeline.run().result).toMatchObject({ status: 'failed' })
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded' })
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded' })
    expect(log.backfills).toEqual([[], ['a note'], ['a note'], []])
  })

  it('is done with a fresh copy of the stream, and not with that of another', async () => {
    const { log, pipeline } = await copied()
    await pipeline.backfill('a', ['note'])
    await pipeline.run({ fullRefresh: true, select: ['b'], stopSignal: AbortSignal.abort() }).result
    await pipeline.resync({ streams: ['a'] })
    await expect(pipeline.backfill('a', ['note'])).rejects.toMatchObject({ code: 'BACKFILL_IMPOSSIBLE' })
    await pipeline.run().result
    await pipeline.run().result
    expect(log.backfills.at(-1)).toEqual([])
  })

  it('changes nothing else in what is stored', async () => {
    const { log, destination, pipeline } = await copied()
    const before = destination.state('_eclusa.sync')
    const rows = destination.rows('a')
    await pipeline.backfill('a', ['note'])
    const backfills = [{ stream: 'a', columns: ['note'] }]
    expect(destination.state('_eclusa.sync')).toEqual({ ...before, backfills })
    expect(destination.rows('a')).toEqual(rows)
    await pipeline.backfill('a', ['note'])
    expect(destination.state('_eclusa.sync')).toEqual({ ...before, backfills })
    log.add('a', 1n)
    await pipeline.run().result
    expect(destination.state('_eclusa.sync')).toEqual(before)
    expect(destination.rows('a')).toEqual([...rows, 1n])
  })

  it.each([
    ['c', ['note'], 'STREAM_SELECTION_INVALID', 'there is no stream "c"'],
    ['a', ['notes'], 'STREAM_SELECTION_INVALID', 'there is no column "notes"; the closest is "note"'],
    ['a', ['note', 'id'], 'BACKFILL_IMPOSSIBLE', 'its key'],
    ['b', ['note'], 'BACKFILL_IMPOSSIBLE', 'a history'],
    ['view', ['id'], 'BACKFILL_IMPOSSIBLE', 'not replicated'],
  ])('of %s %s is refused with %s', async (stream, columns, code, words) => {
    const { pipeline } = await copied()
    const refused = pipeline.backfill(stream, columns)
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(words) })
  })

  it('is refused while a run goes on', async () => {
    const { log, pipeline, destination } = await copied()
    const run = pipeline.run({ follow: true })
    for await (const { type } of run) if (type === 'caught_up') break
    await expect(pipeline.backfill('a', ['note'])).rejects.toThrow('opened twice')
    run.stop()
    await run.result
    expect(destination.state('_eclusa.sync')).toMatchObject({ backfills: [] })
    expect(log.backfills).toEqual([[], []])
  })
})
