import { EclusaError } from '@eclusa/sdk'
import type { RunEvent, Step } from '@eclusa/sdk'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { FollowedLog } from '../testing/followed-log.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { memory } from '../testing/memory-destination.ts'
import type { PipelineOptions } from './pipeline-options.ts'
import { definePipeline } from './pipeline.ts'
import type { PipelineRun } from './run.ts'

const define = (options: PipelineOptions) => definePipeline({ retryDelayMsBase: 0, ...options })

/** The events of a run as far as they were awaited. */
class Watched {
  readonly seen: RunEvent[] = []
  readonly #events: AsyncIterator<RunEvent>

  constructor(run: PipelineRun) {
    this.#events = run[Symbol.asyncIterator]()
  }

  /** The next event of a type. @throws when the run ends before */
  async next<Type extends RunEvent['type']>(type: Type): Promise<Extract<RunEvent, { type: Type }>> {
    for (;;) {
      const { value, done } = await this.#events.next()
      if (done === true) throw new Error(`the run ended before "${type}": ${JSON.stringify(this.seen.at(-1))}`)
      this.seen.push(value)
      if (value.type === type) return value as Extract<RunEvent, { type: Type }>
    }
  }
}

function stepThat(run: Step['run']): Step {
  return { name: 'build', run }
}

const succeeded = { status: 'succeeded' as const, summary: 'built', details: {} }

describe('a run that follows', () => {
  it('commits rows at once, and a position without rows only after a while', async () => {
    const log = new FollowedLog()
    log.add('a', 1n)
    const [destination, clock] = [memory(), new ManualClock()]
    const run = define({ source: log.source(['a']), destination, clock }).run({ follow: true })
    const watched = new Watched(run)
    expect(await watched.next('run_started')).toMatchObject({ follow: true })
    await watched.next('caught_up')
    expect([destination.rows('a'), destination.commits]).toEqual([[1n], 1])
    log.add('a', 2n)
    await watched.next('committed')
    log.add('a', 3n)
    expect(await watched.next('committed')).toMatchObject({ lag: { bytes: 0, ms: 0 }, streams: [{ name: 'a' }] })
    expect([destination.rows('a'), destination.commits]).toEqual([[1n, 2n, 3n], 3])
    log.beat()
    log.beat()
    clock.advance(10_000)
    log.beat()
    await watched.next('committed')
    expect([destination.commits, destination.state('_eclusa.source')]).toEqual([4, { position: 6 }])
    run.stop()
    expect(await run.result).toMatchObject({ status: 'succeeded', rows: 3, streams: [{ status: 'completed' }] })
    expect(log.acknowledged).toEqual([1, 2, 3, 6, 6])
  })

  it('reads once what is not replicated, also when an attempt fails, and anew in the next run', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const pipeline = define({ source: log.source(['a'], ['view']), destination })
    const run = pipeline.run({ follow: true })
    const watched = new Watched(run)
    await watched.next('caught_up')
    log.failOnce(new EclusaError('TIMEOUT', { message: 'The server went away.' }))
    await watched.next('log')
    log.add('a', 1n)
    while (destination.rows('a').length === 0) await watched.next('committed')
    run.stop()
    expect(await run.result).toMatchObject({ status: 'succeeded', rows: 2 })
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded', rows: 1 })
    expect(log.reads).toEqual([['a', 'view'], ['a+'], ['a+', 'view']])
  })

  it('runs its steps after it has caught up, and beside the stream', async () => {
    const log = new FollowedLog()
    const [destination, clock] = [memory(), new ManualClock()]
    const rowsSeen: number[] = []
    const gate = Promise.withResolvers<void>()
    const build = stepThat(async ({ warehouse }) => {
      expect(warehouse.database).toBe('lent')
      rowsSeen.push(destination.rows('a').length)
      if (rowsSeen.length === 1) await gate.promise
      return succeeded
    })
    const options = { source: log.source(['a']), destination, clock, steps: [build], stepsIntervalMs: 1000 }
    const run = define(options).run({ follow: true })
    const watched = new Watched(run)
    await watched.next('step_started')
    log.add('a', 1n)
    await watched.next('committed')
    gate.resolve()
    await watched.next('step_completed')
    while (clock.sleeping === 0) await turn()
    clock.advance(1000)
    await watched.next('step_completed')
    run.stop()
    expect(await run.result).toMatchObject({ status: 'succeeded', steps: [{ step: 'build', status: 'succeeded' }] })
    expect(rowsSeen).toEqual([0, 1])
  })

  it('goes on when a step fails, and says so at the end', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const build = stepThat(() => Promise.reject(new EclusaError('TIMEOUT', { message: 'The disk is slow.' })))
    const run = define({ source: log.source(['a']), destination, steps: [build] }).run({ follow: true })
    const watched = new Watched(run)
    expect(await watched.next('step_completed')).toMatchObject({ status: 'failed', summary: 'The disk is slow.' })
    log.add('a', 1n)
    await watched.next('committed')
    run.stop()
    expect(await run.result).toMatchObject({ status: 'failed', rows: 1, steps: [{ step: 'build', status: 'failed' }] })
  })

  it('leaves out a stream that fails, goes on with the others, and runs no more steps', async () => {
    const log = new FollowedLog()
    const [destination, clock] = [memory(), new ManualClock()]
    const built: number[] = []
    const build = stepThat(async () => {
      built.push(destination.commits)
      return succeeded
    })
    const run = define({ source: log.source(['a', 'b']), destination, clock, steps: [build] }).run({ follow: true })
    const watched = new Watched(run)
    await watched.next('step_completed')
    log.failOnce(new EclusaError('CONFIG_INVALID', { message: 'Dropped.', details: { stream: 'b' } }))
    expect(await watched.next('log')).toMatchObject({ fields: { stream: 'b' } })
    log.add('a', 1n)
    await watched.next('committed')
    while (clock.sleeping === 0) await turn()
    clock.advance(60_000)
    while (clock.sleeping > 0) await turn()
    run.stop()
    expect(await run.result).toMatchObject({ status: 'partial', streamFailures: [{ stream: 'b' }] })
    expect([destination.rows('a'), built.length]).toEqual([[1n], 1])
  })

  it('lets a step end when it is stopped, and tells it when it is aborted', async () => {
    const log = new FollowedLog()
    const gate = Promise.withResolvers<void>()
    const waiting = stepThat(async () => {
      await gate.promise
      return succeeded
    })
    const patient = define({ source: log.source(['a']), destination: memory(), steps: [waiting] }).run({ follow: true })
    const watched = new Watched(patient)
    await watched.next('step_started')
    patient.stop()
    await watched.next('stream_completed')
    gate.resolve()
    expect(await patient.result).toMatchObject({ status: 'succeeded', steps: [{ status: 'succeeded' }] })

    const controller = new AbortController()
    const endless = stepThat(async ({ signal }) => {
      const { promise, reject } = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      return await promise
    })
    const options = { source: log.source(['a']), destination: memory(), steps: [endless] }
    const aborted = define(options).run({ follow: true, signal: controller.signal })
    await new Watched(aborted).next('step_started')
    controller.abort()
    expect(await aborted.result).toMatchObject({ status: 'cancelled' })
  })

  it('is open to others while its destination is, in every attempt', async () => {
    const log = new FollowedLog()
    const told: string[] = []
    const run = define({ name: 'sales', source: log.source(['a']), destination: memory() }).run({
      follow: true,
      whileOpen: async (open) => {
        await using warehouse = await open.openWarehouse()
        told.push(`${open.pipeline} in ${warehouse.database}`)
        return { [Symbol.asyncDispose]: async () => void told.push('closed') }
      },
    })
    const watched = new Watched(run)
    await watched.next('caught_up')
    log.failOnce(new EclusaError('TIMEOUT', { message: 'The server went away.' }))
    await watched.next('log')
    log.add('a', 1n)
    await watched.next('committed')
    run.stop()
    await run.result
    expect(told).toEqual(['sales in lent', 'closed', 'sales in lent', 'closed'])
  })

  it('goes on when nobody can be let in', async () => {
    const log = new FollowedLog()
    const whileOpen = () => Promise.reject(new Error('No socket.'))
    const run = define({ source: log.source(['a']), destination: memory() }).run({ follow: true, whileOpen })
    await new Watched(run).next('caught_up')
    run.stop()
    expect(await run.result).toMatchObject({ status: 'succeeded', warnings: [{ message: 'No socket.' }] })
  })

  it('is cancelled when it is stopped before it has caught up', async () => {
    const log = new FollowedLog()
    log.add('a', 1n)
    const stop = new AbortController()
    stop.abort()
    const run = define({ source: log.source(['a']), destination: memory() }).run({
      follow: true,
      stopSignal: stop.signal,
    })
    expect(await run.result).toMatchObject({ status: 'cancelled' })
  })

  it('is refused where nothing is replicated', async () => {
    const run = define({ source: new FollowedLog().source([], ['view']), destination: memory() }).run({ follow: true })
    expect(await run.result).toMatchObject({ status: 'failed', error: { code: 'CONFIG_INVALID' } })
  })
})

describe('the shared position', () => {
  it('is where the next run goes on, with nothing to copy', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const pipeline = define({ source: log.source(['a', 'b']), destination })
    log.add('a', 1n)
    await pipeline.run().result
    log.add('a', 2n)
    log.add('b', 3n)
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded', rows: 2 })
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded', rows: 0 })
    expect([destination.rows('a'), destination.rows('b')]).toEqual([[1n, 2n], [3n]])
    expect(log.reads).toEqual([
      ['a', 'b'],
      ['a+', 'b+'],
      ['a+', 'b+'],
    ])
  })

  it('does not move without a stream unseen: one that was taken out for a while is copied anew', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const source = log.source(['a', 'b'])
    await define({ source, destination }).run().result
    log.add('b', 1n)
    await define({ source, destination, streams: ['a'] }).run().result
    const whole = define({ source, destination })
    expect((await whole.status()).streams).toMatchObject([{ phase: 'replicating' }, { phase: 'left_behind' }])
    const result = await whole.run().result
    expect(result).toMatchObject({ status: 'succeeded', warnings: [{ fields: { stream: 'b' } }] })
    expect(destination.rows('b')).toEqual([1n])
    expect(log.reads.at(-1)).toEqual(['a+', 'b'])
  })

  it('moves for all replicated streams when one of them is selected', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const pipeline = define({ source: log.source(['a', 'b', 'new'], ['view']), destination })
    await pipeline.run({ select: ['a', 'b'] }).result
    log.add('b', 1n)
    expect(await pipeline.run({ select: ['a'] }).result).toMatchObject({ status: 'succeeded' })
    expect(destination.rows('b')).toEqual([1n])
    // What was selected is read, or read on; what was not is not begun.
    expect(log.reads).toEqual([
      ['a', 'b'],
      ['a+', 'b+'],
    ])
  })

  it('stays when some streams are read anew, and goes with all of them', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const pipeline = define({ source: log.source(['a', 'b']), destination })
    await pipeline.run().result
    log.add('b', 1n)
    await pipeline.run({ select: ['a'], fullRefresh: true }).result
    await pipeline.run({ fullRefresh: true }).result
    expect(log.reads).toEqual([
      ['a', 'b'],
      ['a', 'b+'],
      ['a', 'b'],
    ])
    expect(destination.rows('b')).toEqual([1n])
  })
})

describe('resync', () => {
  it('marks the named streams for a copy and leaves the others their place', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const pipeline = define({ source: log.source(['a', 'b']), destination })
    await pipeline.run().result
    log.add('a', 1n)
    log.add('b', 2n)
    expect(await pipeline.resync({ streams: ['a*'] })).toEqual(['a'])
    expect(destination.state('_eclusa.source')).toEqual({ position: 0 })
    expect((await pipeline.status()).streams).toMatchObject([{ phase: 'new' }, { phase: 'replicating' }])
    expect(await pipeline.run().result).toMatchObject({ status: 'succeeded', rows: 2 })
    expect([log.reads.at(-1), destination.rows('a'), destination.rows('b')]).toEqual([['a', 'b+'], [1n], [2n]])
  })

  it('of all replicated streams forgets the position too, and no other stream', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const cursor = { namespace: 'other', name: 'by_cursor' }
    const pipeline = define({ source: log.source(['a', 'b']), destination })
    await pipeline.run().result
    destination.damage(cursor, { at: 7 })
    expect(await pipeline.resync()).toEqual(['a', 'b'])
    expect([destination.state('_eclusa.source'), destination.state('other.by_cursor')]).toEqual([undefined, { at: 7 }])
    await expect(pipeline.resync({ streams: ['c'] })).rejects.toMatchObject({ code: 'STREAM_SELECTION_INVALID' })
  })

  it('is refused while a run goes on', async () => {
    const log = new FollowedLog()
    const pipeline = define({ source: log.source(['a']), destination: memory() })
    const run = pipeline.run({ follow: true })
    await new Watched(run).next('caught_up')
    await expect(pipeline.resync()).rejects.toMatchObject({ code: 'DESTINATION_BUSY' })
    run.stop()
    await run.result
  })
})

describe('the status', () => {
  it('tells of each stream what is known without the source, and why the source is not asked', async () => {
    const log = new FollowedLog()
    const destination = memory()
    const source = log.source(['a'], ['view'])
    await define({ source, destination }).run().result
    const gone = new EclusaError('TIMEOUT', { message: 'The server is away.' })
    const away = { ...source, discover: () => Promise.reject(gone) }
    const status = await define({ source: away, destination }).status()
    expect(status.sourceError).toBe(gone)
    expect(status.streams).toMatchObject([
      { stream: 'view', mode: 'unknown', table: 'main.view' },
      { stream: 'a', mode: 'unknown', phase: 'read' },
    ])
  })
})
