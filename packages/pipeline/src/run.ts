import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { EclusaError, byteBudget, streamKey } from '@eclusa/sdk'
import type {
  Checkpoint,
  ConfiguredCatalog,
  ConfiguredStream,
  ConnectorContext,
  Log,
  RunEvent,
  RunFailure,
  Step,
  StepResult,
} from '@eclusa/sdk'
import { EventChannel } from './event-channel.ts'
import { decideAfterFailure } from './failure-decision.ts'
import type { PipelineSettings, RunOptions } from './pipeline-options.ts'
import { selectionInvalid } from './resolve-catalog.ts'
import type { PresentStreams } from './resolve-catalog.ts'
import { createEmitter } from './run-emitter.ts'
import type { EmitEvent } from './run-emitter.ts'
import { matchesPattern } from './stream-selection.ts'
import { createRunLog } from './run-log.ts'
import type { RunWarning } from './run-log.ts'
import { checkpointDamaged, newSync, readSyncState, remainingStreams, sourceCheckpoints } from './sync-state.ts'
import type { StoredState, SyncState } from './sync-state.ts'
import { sync } from './sync.ts'
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
   */
  readonly status: 'succeeded' | 'partial' | 'failed' | 'cancelled'
  readonly rows: number
  readonly bytes: number
  /** Values that are NULL in the warehouse, with their exact text in `_airbyte_meta.changes`. */
  readonly unrepresentable: number
  readonly durationMs: number
  readonly streams: readonly Readonly<StreamTally>[]
  readonly streamFailures: readonly StreamFailure[]
  readonly steps: readonly (StepResult & { readonly step: string })[]
  /** What source and destination warned of, each once. */
  readonly warnings: readonly RunWarning[]
  /** What ended the run, when it failed. */
  readonly error?: EclusaError
}

/** A run under way. Not iterating it costs nothing; iterating late begins with the first event. */
export interface PipelineRun extends AsyncIterable<RunEvent> {
  readonly runId: string
  /** Never rejects: a failure is a status with an error. Settles after the last event. */
  readonly result: Promise<RunResult>
  /** Goes on to the next checkpoint, commits there and ends as `cancelled`. */
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
  const store = storeListener(parts.settings)
  const emit = createEmitter({ pipeline: parts.settings.name, runId }, [(event) => channel.push(event), store.append])
  const work = new Run(parts, { runId, emit, stopSignal: stop.signal })
  const result = finish(work, store, channel)
  return { runId, result, stop: () => stop.abort(), [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator]() }
}

async function finish(work: Run, store: { flush: () => Promise<void> }, channel: EventChannel): Promise<RunResult> {
  try {
    return await work.execute()
  } finally {
    await store.flush()
    channel.close()
  }
}

/** Stores events behind the run: a history that cannot be written is a warning, never the end of a run. */
function storeListener({ runStore, log }: PipelineSettings): {
  append: (event: RunEvent) => void
  flush: () => Promise<void>
} {
  let last: Promise<void> = Promise.resolve()
  let failed = false
  const store = async (event: RunEvent) => {
    if (runStore === undefined || failed) return
    try {
      await runStore.append(event)
    } catch (error) {
      failed = true
      log.warn(error instanceof Error ? error.message : String(error))
    }
  }
  return {
    append: (event) => {
      last = last.then(async () => await store(event))
    },
    flush: async () => await last,
  }
}

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
  readonly #steps: (StepResult & { step: string })[] = []
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
  }

  async execute(): Promise<RunResult> {
    const startedAtMs = performance.now()
    let status: RunResult['status'] = 'succeeded'
    let failure: EclusaError | undefined
    try {
      const finished = await this.#load()
      if (finished) await this.#runSteps()
      if (this.#streamFailures.length > 0)
        status = this.#streamFailures.length < this.#streamCount ? 'partial' : 'failed'
      if (this.#steps.some((step) => step.status === 'failed')) status = 'failed'
      if (!finished || this.#stopSignal.aborted) status = 'cancelled'
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
    const { missing, ...found } = select(await this.#parts.configure(this.#signal), options.select)
    let catalog: ConfiguredCatalog = found
    if (catalog.streams.length === 0 && missing.length > 0) throw selectionInvalid(missing.map(({ fault }) => fault))
    this.#streamCount = catalog.streams.length + missing.length
    const steps = options.skipSteps === true ? [] : this.#settings.steps
    this.#emit({
      type: 'run_started',
      streams: catalog.streams.map(({ stream }) => stream),
      steps: steps.map((step) => step.name),
    })
    for (const { stream, fault } of missing) this.#leaveOut(stream, missingStream(stream, fault))
    let failures = 0
    while (true) {
      this.#signal.throwIfAborted()
      const rowsBefore = this.#tally.totals().rows
      try {
        return await this.#attempt(catalog)
      } catch (error) {
        this.#signal.throwIfAborted()
        this.#tally.rollback()
        failures = this.#tally.totals().rows > rowsBefore ? 1 : failures + 1
        await this.#recover(error, failures)
        if (concernsOneStream(error)) catalog = await this.#configureAgain(catalog)
      }
    }
  }

  /** A table that was altered meanwhile would fail again with the columns that it had. */
  async #configureAgain(catalog: ConfiguredCatalog): Promise<ConfiguredCatalog> {
    try {
      const { streams } = await this.#parts.configure(this.#signal)
      const found = new Map(streams.map((stream) => [streamKey(stream.stream), stream]))
      return { streams: catalog.streams.map((stream) => found.get(streamKey(stream.stream)) ?? stream) }
    } catch {
      // The next attempt meets the same fault, and says which stream it concerns.
      return catalog
    }
  }

  async #attempt(catalog: ConfiguredCatalog): Promise<boolean> {
    const failed = new Set(this.#streamFailures.map(({ stream }) => stream))
    const wanted = catalog.streams.filter(({ stream }) => !failed.has(streamKey(stream)))
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
    const { sync: state, checkpoints } = this.#stateOf(session)
    const streams = remainingStreams({ streams: this.#leaveOutDamaged(wanted, session) }, state)
    if (streams.length === 0 && this.#streamFailures.length > failed.size) return true
    return await sync({
      source: settings.source,
      session,
      streams,
      checkpoints: checkpointsOf(streams, checkpoints),
      state,
      budget: byteBudget({ bytesMax: settings.memoryBytesMax / 2, readers: 1 }),
      policy: settings.commit,
      tally: this.#tally,
      emit: this.#emit,
      stopSignal: this.#stopSignal,
      ...context,
    })
  }

  /**
   * What an attempt goes on from. A full refresh forgets the checkpoint of each stream until this run has begun it
   * durably, also when an attempt fails before. Whoever selects streams wants them read, whatever an unfinished sync has.
   *
   * @throws CHECKPOINT_DAMAGED, but not for what need not be known
   */
  #stateOf(session: StoredState): { readonly sync: SyncState; readonly checkpoints: readonly Checkpoint[] } {
    const { fullRefresh, select: selected } = this.#parts.options
    const checkpoints = sourceCheckpoints(session)
    const isOwnSync = this.#tally.hasCommitted || (fullRefresh !== true && selected === undefined)
    return {
      sync: isOwnSync ? readSyncState(session) : newSync,
      checkpoints:
        fullRefresh === true ? checkpoints.filter(({ stream }) => this.#tally.isDurable(stream)) : checkpoints,
    }
  }

  /** A stream whose checkpoint cannot be read must not begin anew by itself: with `append` its rows would come twice. */
  #leaveOutDamaged(streams: readonly ConfiguredStream[], { damaged = [] }: StoredState): readonly ConfiguredStream[] {
    if (this.#parts.options.fullRefresh === true) return streams
    const keys = new Set(damaged.map(streamKey))
    return streams.filter(({ stream }) => {
      const key = streamKey(stream)
      if (keys.has(key)) this.#leaveOut(key, checkpointDamaged(stream))
      return !keys.has(key)
    })
  }

  /** An attempt after a failure warns of the same again. */
  #keepWarning(warning: RunWarning): void {
    const key = JSON.stringify(warning)
    if (this.#warnings.has(key)) return
    this.#warnings.set(key, warning)
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
    await delay(decision.delayMs, undefined, { signal: this.#signal })
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

  async #runSteps(): Promise<void> {
    const steps = this.#parts.options.skipSteps === true ? [] : this.#settings.steps
    if (steps.length === 0 || this.#streamFailures.length > 0) return
    const { destination, log } = this.#settings
    const context: ConnectorContext = { signal: this.#signal, log }
    if (destination.openWarehouse === undefined) {
      throw new EclusaError('CONFIG_INVALID', {
        message: `The destination "${destination.name}" has no warehouse in which steps could run.`,
      })
    }
    await using warehouse = await destination.openWarehouse(context)
    for (const step of steps) {
      if (this.#stopSignal.aborted) return
      this.#signal.throwIfAborted()
      const result = await this.#runStep(
        step,
        async () =>
          await step.run({
            ...context,
            pipeline: this.#settings.name,
            runId: this.#runId,
            warehouse,
            emit: (event) => this.#emit({ type: 'step_node', step: step.name, ...event }),
          }),
      )
      if (result.status === 'failed') return
    }
  }

  async #runStep(step: Step, work: () => Promise<StepResult>): Promise<StepResult> {
    const startedAtMs = performance.now()
    this.#emit({ type: 'step_started', step: step.name })
    const result = await work()
    this.#steps.push({ ...result, step: step.name })
    this.#emit({
      type: 'step_completed',
      step: step.name,
      status: result.status,
      summary: result.summary,
      durationMs: Math.round(performance.now() - startedAtMs),
    })
    return result
  }
}

function select(present: PresentStreams, patterns: readonly string[] | undefined): PresentStreams {
  if (patterns === undefined) return present
  const keys = [
    ...present.streams.map(({ stream }) => streamKey(stream)),
    ...present.missing.map(({ stream }) => stream),
  ]
  const unmatched = patterns.filter((pattern) => !keys.some((key) => matchesPattern(pattern, key)))
  if (unmatched.length > 0) {
    const faults = unmatched.map((pattern) => `"${pattern}" selects none of the pipeline's streams`)
    throw new EclusaError('STREAM_SELECTION_INVALID', {
      message: `The selection is wrong:\n- ${faults.join('\n- ')}`,
      details: { faults },
    })
  }
  const isSelected = (key: string) => patterns.some((pattern) => matchesPattern(pattern, key))
  return {
    streams: present.streams.filter(({ stream }) => isSelected(streamKey(stream))),
    missing: present.missing.filter(({ stream }) => isSelected(stream)),
  }
}

function missingStream(stream: string, fault: string): EclusaError {
  return new EclusaError('STREAM_SELECTION_INVALID', {
    message: `${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`,
    remedy:
      'Correct the name, take it out, or give the role the right to read it: `eclusa check` and `eclusa discover`.',
    details: { stream },
  })
}

function checkpointsOf(streams: readonly ConfiguredStream[], checkpoints: readonly Checkpoint[]): Checkpoint[] {
  const wanted = new Set(streams.map(({ stream }) => streamKey(stream)))
  return checkpoints.filter((checkpoint) => wanted.has(streamKey(checkpoint.stream)))
}

function concernsOneStream(error: unknown): boolean {
  return EclusaError.isInstance(error) && error.details['stream'] !== undefined
}

function asEclusaError(error: unknown, signal: AbortSignal): EclusaError {
  if (signal.aborted) return new EclusaError('CANCELLED', { message: 'The run was cancelled.', cause: error })
  if (EclusaError.isInstance(error)) return error
  return new EclusaError('INTERNAL', { message: error instanceof Error ? error.message : String(error), cause: error })
}

function runFailureOf({ code, failureType, message, remedy }: EclusaError): RunFailure {
  return { code, failureType, message, remedy }
}
