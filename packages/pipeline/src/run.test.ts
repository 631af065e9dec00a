import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ConfiguredDestination, ConfiguredSource, RunEvent, SourceMessage, Step } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { memory } from '../testing/memory-destination.ts'
import { batchOf, discovered } from '../testing/sample-stream.ts'
import { definePipeline } from './pipeline.ts'
import type { PipelineOptions } from './pipeline-options.ts'
import type { PipelineRun } from './run.ts'

interface Fault {
  readonly stream: string
  readonly atChunk: number
  readonly error: EclusaError
}

/** A source of tables of `chunks` chunks of two rows each, with a checkpoint after every chunk; faults happen once. */
function tables(
  names: readonly string[],
  { chunks = 3, faults = [] as Fault[], reads = [] as string[] } = {},
): ConfiguredSource {
  const pending = [...faults]
  async function* read({
    catalog,
    checkpoints,
    signal,
  }: Parameters<ConfiguredSource['read']>[0]): AsyncGenerator<SourceMessage> {
    for (const { stream } of catalog.streams) {
      const state = checkpoints.find((checkpoint) => streamKey(checkpoint.stream) === streamKey(stream))?.state as
        | { chunks: number }
        | undefined
      const done = state === undefined || state.chunks === chunks ? 0 : state.chunks
      reads.push(`${stream.name}@${done}`)
      yield { type: 'stream_started', stream, resumed: done > 0 }
      for (let chunk = done; chunk < chunks; chunk++) {
        signal.throwIfAborted()
        const index = pending.findIndex((fault) => fault.stream === stream.name && fault.atChunk === chunk)
        yield { type: 'batch', batch: batchOf(stream.name, [BigInt(2 * chunk), BigInt(2 * chunk + 1)]) }
        if (index >= 0) throw pending.splice(index, 1)[0]?.error
        if (chunk === chunks - 1) yield { type: 'stream_completed', stream }
        yield { type: 'checkpoint', checkpoints: [{ stream, state: { chunks: chunk + 1 } }] }
      }
    }
  }
  return {
    name: 'tables',
    version: '1',
    secrets: [],
    check: async () => ({ findings: [] }),
    discover: async () => ({ streams: names.map(discovered) }),
    read,
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const everyCheckpoint = { commitBytesMax: 1 }
const define = (options: Omit<PipelineOptions, 'retryDelayMsBase'>) =>
  definePipeline({ retryDelayMsBase: 0, ...options })
const allRows = [0n, 1n, 2n, 3n, 4n, 5n]

async function eventsOf(run: PipelineRun): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  for await (const event of run) events.push(event)
  return events
}

describe('a run', () => {
  it('moves every row of every stream and says what it did', async () => {
    const destination = memory()
    const run = define({ source: tables(['a', 'b']), destination }).run()
    const types = (await eventsOf(run)).map(({ type }) => type)
    expect(await run.result).toMatchObject({ status: 'succeeded', rows: 12, bytes: 96 })
    expect([destination.rows('a'), destination.rows('b')]).toEqual([allRows, allRows])
    expect(types[0]).toBe('run_started')
    expect(types.at(-1)).toBe('run_completed')
    expect(types.filter((type) => type === 'stream_completed')).toHaveLength(2)
  })

  it('counts values that only the destination could not hold, once each although an attempt failed between', async () => {
    const fault = { stream: 'b', atChunk: 1, error: new EclusaError('TIMEOUT', { message: 'The server went away.' }) }
    const destination = memory({ unheld: true })
    const run = define({ source: tables(['a', 'b'], { faults: [fault] }), destination, commit: everyCheckpoint }).run()
    const events = await eventsOf(run)
    expect(await run.result).toMatchObject({
      unrepresentable: 6,
      streams: [{ unrepresentable: 3 }, { unrepresentable: 3 }],
    })
    expect(events.at(-1)).toMatchObject({ type: 'run_completed', unrepresentable: 6 })
    const completed = events.filter((event) => event.type === 'stream_completed')
    expect(completed.map(({ unrepresentable }) => unrepresentable)).toEqual([3, 3])
  })

  it('keeps what its connectors warn of, once and without secrets, beside telling the log', async () => {
    const told: string[] = []
    const fault = { stream: 'a', atChunk: 1, error: new EclusaError('TIMEOUT', { message: 'The server went away.' }) }
    const source = tables(['a'], { faults: [fault] })
    const read: ConfiguredSource['read'] = (request) => {
      request.log.info('Reads.')
      request.log.warn('A column is new for s3cret.', { stream: 'a', count: 1n })
      return source.read(request)
    }
    const log = {
      ...silent,
      info: (message: string) => told.push(message),
      warn: (message: string) => told.push(message),
    }
    const run = define({ source: { ...source, read, secrets: ['s3cret'] }, destination: memory(), log }).run()
    const events = await eventsOf(run)
    const warning = { level: 'warn', message: 'A column is new for [redacted].', fields: { stream: 'a', count: '1' } }
    expect((await run.result).warnings).toEqual([warning])
    const kept = events.filter((event) => event.type === 'log' && event.origin === 'connector')
    expect(kept).toMatchObject([warning])
    expect(told).toEqual(['Reads.', 'A column is new for s3cret.', 'Reads.', 'A column is new for s3cret.'])
  })

  it('needs no reader of its events', async () => {
    const result = await define({ source: tables(['a']), destination: memory() }).run().result
    expect(result.status).toBe('succeeded')
  })

  it('tries again after a transient fault and goes on from the last commit', async () => {
    const destination = memory()
    const reads: string[] = []
    const fault = { stream: 'b', atChunk: 1, error: new EclusaError('TIMEOUT', { message: 'The server went away.' }) }
    const run = define({
      source: tables(['a', 'b'], { faults: [fault], reads }),
      destination,
      commit: everyCheckpoint,
    }).run()
    expect(await run.result).toMatchObject({ status: 'succeeded', rows: 12 })
    expect(reads).toEqual(['a@0', 'b@0', 'b@1'])
    expect(destination.rows('b')).toEqual(allRows)
  })

  it('leaves out a stream that cannot be read and ends as partial', async () => {
    const destination = memory()
    const fault = {
      stream: 'a',
      atChunk: 1,
      error: new EclusaError('CONFIG_INVALID', { message: 'Dropped.', details: { stream: 'a' } }),
    }
    const result = await define({ source: tables(['a', 'b'], { faults: [fault] }), destination }).run().result
    expect(result).toMatchObject({
      status: 'partial',
      streamFailures: [{ stream: 'a' }],
      error: { code: 'CONFIG_INVALID' },
    })
    expect([destination.rows('a'), destination.rows('b')]).toEqual([[], allRows])
  })

  it('fails when every stream failed', async () => {
    const faults = ['a', 'b'].map((stream) => ({
      stream,
      atChunk: 0,
      error: new EclusaError('CONFIG_INVALID', { message: `Dropped ${stream}.`, details: { stream } }),
    }))
    const result = await define({ source: tables(['a', 'b'], { faults }), destination: memory() }).run().result
    expect(result).toMatchObject({
      status: 'failed',
      rows: 0,
      streamFailures: [{ stream: 'a' }, { stream: 'b' }],
      error: { code: 'CONFIG_INVALID' },
    })
  })

  it('leaves out a stream that is named and not there, with the name that may have been meant', async () => {
    const destination = memory()
    const streams = ['orders', { name: 'custmers', cursor: 'id' }]
    const pipeline = define({ source: tables(['orders', 'customers']), destination, streams })
    const result = await pipeline.run().result
    expect(result).toMatchObject({
      status: 'partial',
      rows: 6,
      streamFailures: [{ stream: 'custmers', error: { code: 'STREAM_SELECTION_INVALID' } }],
    })
    expect(result.error?.message).toContain('"customers"')
    expect(destination.rows('orders')).toEqual(allRows)
    const { findings } = await pipeline.check()
    expect(findings).toMatchObject([{ subject: 'streams', status: 'failed', code: 'STREAM_SELECTION_INVALID' }])
    await expect(pipeline.plan()).rejects.toMatchObject({ code: 'STREAM_SELECTION_INVALID' })
  })

  it.each([{}, { select: ['b'] }])('fails when none of the streams is there (%j)', async (options) => {
    const source = tables(['a'])
    const streams = options.select === undefined ? ['b', 'c'] : ['a', 'b']
    const result = await define({ source, destination: memory(), streams }).run(options).result
    expect(result).toMatchObject({ status: 'failed', rows: 0, error: { code: 'STREAM_SELECTION_INVALID' } })
    expect(result.error?.message).toContain('stream "b" does not exist')
  })

  it('does not read again what an unfinished sync has completed, and reads all after a finished one', async () => {
    const destination = memory()
    const reads: string[] = []
    const fault = { stream: 'b', atChunk: 2, error: new EclusaError('INTERNAL', { message: 'Killed.' }) }
    const pipeline = define({
      source: tables(['a', 'b'], { faults: [fault], reads }),
      destination,
      commit: everyCheckpoint,
    })
    expect((await pipeline.run().result).status).toBe('failed')
    expect((await pipeline.run().result).status).toBe('succeeded')
    expect((await pipeline.run().result).status).toBe('succeeded')
    expect(reads).toEqual(['a@0', 'b@0', 'b@2', 'a@0', 'b@0'])
    expect([destination.rows('a'), destination.rows('b')]).toEqual([allRows, allRows])
  })

  it('reads again what an unfinished sync has completed and somebody has dropped since', async () => {
    const destination = memory()
    const reads: string[] = []
    const fault = { stream: 'c', atChunk: 2, error: new EclusaError('INTERNAL', { message: 'Killed.' }) }
    const source = tables(['a', 'b', 'c'], { faults: [fault], reads })
    const pipeline = define({ source, destination, commit: everyCheckpoint })
    expect((await pipeline.run().result).status).toBe('failed')
    destination.drop('a')
    expect((await pipeline.run().result).status).toBe('succeeded')
    expect(reads.slice(3)).toEqual(['a@0', 'c@2'])
    expect(destination.rows('a')).toEqual(allRows)
  })

  it('leaves out a stream whose checkpoint cannot be read, until it is read from its first row', async () => {
    const destination = memory()
    const reads: string[] = []
    const pipeline = define({ source: tables(['a', 'b'], { reads }), destination, commit: everyCheckpoint })
    await pipeline.run().result
    destination.damage({ name: 'a' })
    const result = await pipeline.run().result
    expect(result).toMatchObject({ status: 'partial', rows: 6, error: { code: 'CHECKPOINT_DAMAGED' } })
    expect(result.error?.message).toContain('stream a')
    expect(result.error?.remedy).toContain('`eclusa run --full-refresh --select a`')
    expect(await pipeline.run({ select: ['a'] }).result).toMatchObject({ status: 'failed', rows: 0 })
    expect(reads).toEqual(['a@0', 'b@0', 'b@0'])
    expect(await pipeline.run({ select: ['a'], fullRefresh: true }).result).toMatchObject({
      status: 'succeeded',
      rows: 6,
    })
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded', rows: 12 })
  })

  it.each([undefined, { version: 9, alien: true }])('ends at a sync state that it cannot read (%j)', async (state) => {
    const destination = memory()
    const pipeline = define({ source: tables(['a']), destination })
    await pipeline.run().result
    destination.damage({ namespace: '_eclusa', name: 'sync' }, state)
    const result = await pipeline.run().result
    expect(result).toMatchObject({ status: 'failed', error: { code: 'CHECKPOINT_DAMAGED' } })
    expect(result.error?.remedy).toContain('`eclusa run --full-refresh`')
    expect(await pipeline.run({ fullRefresh: true }).result).toMatchObject({ status: 'succeeded', rows: 6 })
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded', rows: 6 })
  })

  it('reads every stream from its first row in a full refresh, also those that an attempt failed before', async () => {
    const destination = memory()
    const reads: string[] = []
    const left = new EclusaError('CONFIG_INVALID', { message: 'Dropped.', details: { stream: 'a' } })
    const killed = { stream: 'c', atChunk: 1, error: new EclusaError('INTERNAL', { message: 'Killed.' }) }
    const gone = new EclusaError('TIMEOUT', { message: 'The server went away.' })
    const names = ['a', 'b', 'c']
    const options = { destination, commit: everyCheckpoint, streams: names.map((name) => ({ name, cursor: 'id' })) }
    await define({ source: tables(names, { faults: [killed], reads }), ...options }).run().result
    const faults = [
      { stream: 'a', atChunk: 0, error: left },
      { stream: 'c', atChunk: 2, error: gone },
    ]
    const refresh = define({ source: tables(names, { faults, reads }), ...options })
    expect(await refresh.run({ fullRefresh: true }).result).toMatchObject({ status: 'partial', rows: 12 })
    // c had been left at its first chunk; the fault of a does not make it go on from there, its own fault does.
    expect(reads.slice(3)).toEqual(['a@0', 'b@0', 'c@0', 'b@0', 'c@2'])
    expect([destination.rows('b'), destination.rows('c')]).toEqual([allRows, allRows])
  })

  it('reads a selected stream although an unfinished sync has completed it', async () => {
    const destination = memory()
    const reads: string[] = []
    const fault = { stream: 'b', atChunk: 2, error: new EclusaError('INTERNAL', { message: 'Killed.' }) }
    const source = tables(['a', 'b'], { faults: [fault], reads })
    const pipeline = define({ source, destination, commit: everyCheckpoint })
    expect((await pipeline.run().result).status).toBe('failed')
    expect(await pipeline.run({ select: ['a'] }).result).toMatchObject({ status: 'succeeded', rows: 6 })
    expect(reads).toEqual(['a@0', 'b@0', 'a@0'])
  })

  it('looks up the columns again before it tries again a stream that failed', async () => {
    const fault = {
      stream: 'a',
      atChunk: 0,
      error: new EclusaError('TIMEOUT', { message: 'Altered.', details: { stream: 'a' } }),
    }
    const source = tables(['a', 'b'], { faults: [fault] })
    let discoveries = 0
    const discover = async () => {
      discoveries++
      return await source.discover({ signal: new AbortController().signal, log: silent })
    }
    const run = define({ source: { ...source, discover }, destination: memory() }).run()
    expect(await run.result).toMatchObject({ status: 'succeeded', rows: 12 })
    expect(discoveries).toBe(2)
  })

  it('commits at the next checkpoint when it is asked to stop, and continues in the next run', async () => {
    const destination = memory()
    const reads: string[] = []
    const pipeline = define({ source: tables(['a', 'b'], { reads }), destination })
    const run = pipeline.run()
    for await (const event of run) if (event.type === 'stream_started') run.stop()
    expect(await run.result).toMatchObject({ status: 'cancelled' })
    expect(destination.commits).toBe(1)
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded' })
    expect(reads.slice(0, 1)).toEqual(['a@0'])
    expect(reads[1]).toMatch(/^a@[12]$/u)
    expect(destination.rows('a')).toEqual(allRows)
  })

  it('commits nothing more once its signal is aborted', async () => {
    const destination = memory()
    const controller = new AbortController()
    const run = define({ source: tables(['a']), destination }).run({ signal: controller.signal })
    for await (const event of run) if (event.type === 'stream_started') controller.abort()
    expect(await run.result).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } })
    expect(destination.commits).toBe(0)
  })

  it('reads only the selected streams and refuses a selection that matches nothing', async () => {
    const destination = memory()
    const pipeline = define({ source: tables(['a', 'b']), destination })
    expect(await pipeline.run({ select: ['b'] }).result).toMatchObject({ status: 'succeeded', rows: 6 })
    expect(await pipeline.run({ select: ['c*'] }).result).toMatchObject({
      status: 'failed',
      error: { code: 'STREAM_SELECTION_INVALID' },
    })
  })

  it('runs its steps in the warehouse, in order, and ends as failed when one finds something wrong', async () => {
    const ran: string[] = []
    const step = (name: string, status: 'succeeded' | 'failed'): Step => ({
      name,
      run: async ({ warehouse }) => {
        ran.push(`${name} on ${warehouse.database}`)
        return { status, summary: name, details: {} }
      },
    })
    const destination: ConfiguredDestination = {
      ...memory(),
      openWarehouse: async () => ({
        type: 'duckdb',
        database: 'here',
        connect: () => Promise.reject(new Error('unused')),
        [Symbol.asyncDispose]: async () => {},
      }),
    }
    const steps = [step('first', 'succeeded'), step('second', 'failed'), step('third', 'succeeded')]
    const result = await define({ source: tables(['a']), destination, steps }).run().result
    expect(result.status).toBe('failed')
    expect(ran).toEqual(['first on here', 'second on here'])
  })
})
