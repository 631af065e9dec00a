import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { EclusaError, arrivesAsChanges, byteBudget, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream, ConnectorContext, DestinationSession, Log, RunEvent } from '@eclusa/sdk'
import { attemptStart } from './attempt-start.ts'
import { EventChannel } from './event-channel.ts'
import { decideAfterFailure } from './failure-decision.ts'
import type { PipelineSettings, RunOptions } from './pipeline-options.ts'
import { selectionInvalid } from './resolve-catalog.ts'
import type { PresentStreams } from './resolve-catalog.ts'
import { createEmitter } from './run-emitter.ts'
import type { EmitEvent } from './run-emitter.ts'
import { Following } from './following.ts'
import { asEclusaError, assertFollowable, concernsOneStream, missingStream, runFailureOf } from './run-fault.ts'
import { storeHistory } from './run-history.ts'
import type { RunHistory } from './run-history.ts'
import { selectForRun } from './run-selection.ts'
import type { RunSelection } from './run-selection.ts'
import { noWarehouse, runSteps } from './run-steps.ts'
import type { NamedStepResult, RunStepsOptions } from './run-steps.ts'
import { createRunLog } from './run-log.ts'
import type { RunWarning } from './run-log.ts'
import { checkpointDamaged } from './sync-state.ts'
import { sync } from './sync.ts'
import type { SyncOptions } from './sync.ts'
import { Tally } from './tally.ts'
import type { StreamTally } from './tally.ts'

export interface StreamFailure {
  readonly stream: string
  readonly error: EclusaError
}

export interface RunResult {
  readonly runId: string
  /**
   * `partial`: some streams were left out because they failed. `failed`: all of them did, an error ended the run, or a
   * step found something wrong. `cancelled`: it was told to stop; what was committed stays and the next run goes on from there.
   * A run that follows is told to stop in any case: it has `succeeded` when it had caught up.
   */
  readonly status: 'succeeded' | 'partial' | 'failed' | 'cancelled'
  readonly rows: number
  readonly bytes: number
  /** Values that are NULL in the warehouse, with their exact text in `_airbyte_meta.changes`. */
  readonly unrepresentable: number
  readonly durationMs: number
  readonly streams: readonly Readonly<StreamTally>[]
  readonly streamFailures: readonly StreamFailure[]
  /** Of a run that follows, those of the last round. */
  readonly steps: readonly NamedStepResult[]
  /** What source and destination warned of, each once. */
  readonly warnings: readonly RunWarning[]
  /** What ended the run, when it failed. */
  readonly error?: EclusaError
}

/** A run under way. Not iterating it costs nothing; iterating late begins with the first event, or with the last 10,000. */
export interface PipelineRun extends AsyncIterable<RunEvent> {
  readonly runId: string
  /** Never rejects: a failure is a status with an error. Settles after the last event. */
  readonly result: Promise<RunResult>
  /** Goes on to the next checkpoint, commits there and ends: as `cancelled`, or, where it follows, as done. */
  stop(): void
}

export interface RunParts {
  readonly settings: PipelineSettings
  readonly configure: (signal?: AbortSignal) => Promise<PresentStreams>
  readonly options: RunOptions
}

export function startRun(parts: RunParts): PipelineRun {
  const runId = randomUUID()
  const channel = new EventChannel()
  const stop = new AbortController()
  const { settings, options } = parts
  const stopSignal = AbortSignal.any([stop.signal, ...(options.stopSignal === undefined ? [] : [options.stopSignal])])
  const history = storeHistory(settings.runStore, settings.log)
  const listeners = [(event: RunEvent) => channel.push(event), (event: RunEvent) => history.append(event)]
  const emit = createEmitter({ pipeline: settings.name, runId }, listeners)
  const result = finish(new Run(parts, { runId, emit, stopSignal }), history, channel)
  return { runId, result, stop: () => stop.abort(), [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator]() }
}

async function finish(work: Run, history: RunHistory, channel: EventChannel): Promise<RunResult> {
  try {
    return await work.execute()
  } finally {
    await history.flush()
    channel.close()
  }
}

/** A run may follow for weeks; what it is warned of beyond this is told and stored, but not kept for its result. */
const warningsMax = 100

class Run {
  readonly #settings: PipelineSettings
  readonly #parts: RunParts
  readonly #runId: string
  readonly #emit: EmitEvent
  readonly #stopSignal: AbortSignal
  readonly #signal: AbortSignal
  readonly #tally = new Tally()
  readonly #streamFailures: StreamFailure[] = []
  #streamCount = 0
  #steps: readonly NamedStepResult[] = []
  readonly #following: Following | undefined
  readonly #warnings = new Map<string, RunWarning>()
  readonly #log: Log

  constructor(parts: RunParts, run: { runId: string; emit: EmitEvent; stopSignal: AbortSignal }) {
    this.#parts = parts
    this.#settings = parts.settings
    this.#runId = run.runId
    this.#emit = run.emit
    this.#stopSignal = run.stopSignal
    this.#signal = parts.options.signal ?? new AbortController().signal
    const { source, destination, log } = parts.settings
    const secrets = [...source.secrets, ...destination.secrets]
    this.#log = createRunLog({ log, secrets, onWarning: (warning) => this.#keepWarning(warning) })
    this.#following = parts.options.follow === true ? this.#newFollowing() : undefined
  }

  #newFollowing(): Following {
    const { source, destination, clock, stepsIntervalMs } = this.#settings
    return new Following({
      destination: destination.name,
      log: this.#log,
      clock,
      stepsIntervalMs,
      steps: this.#stepsOptions(),
      isWhole: () => this.#streamFailures.length === 0,
      replication: source.replication,
      whileOpen: this.#parts.options.whileOpen,
      onCaughtUp: (durationMs) => this.#emit({ type: 'caught_up', ...this.#moved(), durationMs }),
      onSteps: (results) => {
        this.#steps = results
      },
    })
  }

  #moved(): { rows: number; bytes: number } {
    const { rows, bytes } = this.#tally.totals()
    return { rows, bytes }
  }

  async execute(): Promise<RunResult> {
    const startedAtMs = performance.now()
    let status: RunResult['status'] = 'succeeded'
    let failure: EclusaError | undefined
    try {
      const finished = await this.#load()
      if (finished && this.#following === undefined) await this.#runSteps()
      if (this.#streamFailures.length > 0)
        status = this.#streamFailures.length < this.#streamCount ? 'partial' : 'failed'
      if (this.#steps.some((step) => step.status === 'failed')) status = 'failed'
      if (!finished || (this.#stopSignal.aborted && this.#following === undefined)) status = 'cancelled'
    } catch (error) {
      failure = asEclusaError(error, this.#signal)
      status = failure.code === 'CANCELLED' ? 'cancelled' : 'failed'
    }
    const durationMs = Math.round(performance.now() - startedAtMs)
    const error = failure ?? this.#streamFailures[0]?.error
    const totals = this.#tally.totals()
    this.#emit({
      type: 'run_completed',
      status,
      ...totals,
      durationMs,
      ...(error === undefined ? {} : { failure: runFailureOf(error) }),
    })
    return {
      runId: this.#runId,
      status,
      ...totals,
      durationMs,
      streams: this.#tally.streams(),
      streamFailures: this.#streamFailures,
      steps: this.#steps,
      warnings: [...this.#warnings.values()],
      ...(error === undefined ? {} : { error }),
    }
  }

  /** Reads every stream, in as many attempts as failures ask for. @returns false when it was stopped before the end. */
  async #load(): Promise<boolean> {
    const { options } = this.#parts
    let selection = selectForRun(await this.#parts.configure(this.#signal), options.select)
    const { streams, missing } = selection
    if (streams.length === 0 && missing.length > 0) throw selectionInvalid(missing.map(({ fault }) => fault))
    if (this.#following !== undefined) assertFollowable(this.#settings.name, streams)
    this.#streamCount = streams.length + missing.length
    this.#emit({
      type: 'run_started',
      streams: streams.map(({ stream }) => stream),
      steps: this.#stepsOptions().steps.map((step) => step.name),
      ...(this.#following === undefined ? {} : { follow: true }),
    })
    for (const { stream, fault } of missing) this.#leaveOut(stream, missingStream(stream, fault))
    let failures = 0
    while (true) {
      this.#signal.throwIfAborted()
      const rowsBefore = this.#tally.totals().rows
      try {
        return await this.#attempt(selection)
      } catch (error) {
        this.#signal.throwIfAborted()
        this.#tally.rollback()
        failures = this.#tally.totals().rows > rowsBefore ? 1 : failures + 1
        await this.#recover(error, failures)
        if (this.#stopSignal.aborted) return false
        if (concernsOneStream(error)) selection = await this.#configureAgain(selection)
      }
    }
  }

  /** A table that was altered meanwhile would fail again with the columns that it had. */
  async #configureAgain(selection: RunSelection): Promise<RunSelection> {
    try {
      const { streams } = await this.#parts.configure(this.#signal)
      const found = new Map(streams.map((stream) => [streamKey(stream.stream), stream]))
      return { ...selection, streams: selection.streams.map((one) => found.get(streamKey(one.stream)) ?? one) }
    } catch {
      // The next attempt meets the same fault, and says which stream it concerns.
      return selection
    }
  }

  async #attempt(selection: RunSelection): Promise<boolean> {
    const failed = new Set(this.#streamFailures.map(({ stream }) => stream))
    const wanted = selection.streams.filter(({ stream }) => !failed.has(streamKey(stream)))
    if (wanted.length === 0) return true
    const settings = this.#settings
    const context: ConnectorContext = { signal: this.#signal, log: this.#log }
    await using session = await settings.destination.open({
      catalog: { streams: wanted },
      pipeline: settings.name,
      runId: this.#runId,
      bytesMax: settings.memoryBytesMax / 2,
      ...context,
    })
    const { options } = this.#parts
    const start = attemptStart(session, { selection: { ...selection, streams: wanted }, options, tally: this.#tally })
    const { streams, checkpoints, sync: state } = start
    for (const key of start.leftBehind) this.#log.warn(leftBehindNote, { stream: key })
    for (const stream of start.damaged) this.#leaveOut(streamKey(stream), checkpointDamaged(stream))
    if (streams.length === 0 && this.#streamFailures.length > failed.size) return true
    return await this.#follow(session, streams, async (follow) =>
      sync({
        source: settings.source,
        session,
        streams,
        checkpoints,
        state,
        budget: byteBudget({ bytesMax: settings.memoryBytesMax / 2, readers: 1 }),
        policy: settings.commit,
        tally: this.#tally,
        emit: this.#emit,
        stopSignal: this.#stopSignal,
        clock: settings.clock,
        ...context,
        ...follow,
      }),
    )
  }

  /** Where nothing is left that could be followed, the rest is read to its end. */
  async #follow(
    session: DestinationSession,
    streams: readonly ConfiguredStream[],
    work: (follow: Partial<Pick<SyncOptions, 'follow'>>) => Promise<boolean>,
  ): Promise<boolean> {
    if (this.#following === undefined || !streams.some(arrivesAsChanges)) return await work({})
    return await this.#following.during(session, async (follow) => await work({ follow }))
  }

  /** An attempt after a failure warns of the same again. */
  #keepWarning(warning: RunWarning): void {
    const key = JSON.stringify(warning)
    if (this.#warnings.has(key)) return
    if (this.#warnings.size < warningsMax) this.#warnings.set(key, warning)
    this.#emit({ type: 'log', ...warning, origin: 'connector' })
  }

  async #recover(error: unknown, failures: number): Promise<void> {
    const decision = decideAfterFailure({
      error,
      failures,
      failuresMax: this.#settings.failuresMax,
      delayMsBase: this.#settings.retryDelayMsBase,
      random: Math.random(),
    })
    if (decision.action === 'end' || this.#stopSignal.aborted) throw error
    const message = error instanceof Error ? error.message : String(error)
    if (decision.action === 'leave_out') {
      this.#leaveOut(decision.stream, error as EclusaError)
      return
    }
    this.#emit({
      type: 'log',
      level: 'warn',
      message: `${message} Trying again in ${decision.delayMs} ms.`,
      fields: { failures },
    })
    await this.#pause(decision.delayMs)
  }

  /** Being asked to stop ends the pause as well. */
  async #pause(delayMs: number): Promise<void> {
    try {
      await delay(delayMs, undefined, { signal: AbortSignal.any([this.#signal, this.#stopSignal]) })
    } catch {
      this.#signal.throwIfAborted()
    }
  }

  #leaveOut(stream: string, error: EclusaError): void {
    this.#streamFailures.push({ stream, error })
    this.#emit({
      type: 'log',
      level: 'error',
      message: `Stream ${stream} is left out: ${error.message}`,
      fields: { stream, code: error.code },
    })
  }

  #stepsOptions(): RunStepsOptions {
    const { name, log, steps } = this.#settings
    return {
      steps: this.#parts.options.skipSteps === true ? [] : steps,
      pipeline: name,
      runId: this.#runId,
      emit: this.#emit,
      signal: this.#signal,
      stopSignal: this.#stopSignal,
      log,
    }
  }

  async #runSteps(): Promise<void> {
    const options = this.#stepsOptions()
    if (options.steps.length === 0 || this.#streamFailures.length > 0) return
    const { destination } = this.#settings
    if (destination.openWarehouse === undefined) throw noWarehouse(destination.name)
    await using warehouse = await destination.openWarehouse(options)
    await runSteps(warehouse, options, (result) => {
      this.#steps = [...this.#steps, result]
    })
  }
}

const leftBehindNote =
  'The log was read on without this stream, since it had failed, was not configured or was read otherwise: it is copied anew.'
