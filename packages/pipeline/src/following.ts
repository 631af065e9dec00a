import type { Clock, DestinationSession, Log, SourceReplication, Warehouse } from '@eclusa/sdk'
import { LagWatch } from './lag-watch.ts'
import type { OpenRun } from './pipeline-options.ts'
import { noWarehouse, runSteps, stepFailure } from './run-steps.ts'
import type { NamedStepResult, RunStepsOptions } from './run-steps.ts'
import { StepRounds } from './step-rounds.ts'
import type { FollowListener } from './sync.ts'

export interface FollowingOptions {
  /** Name of the destination, for messages. */
  readonly destination: string
  /** The run's own: what it is warned of is kept. */
  readonly log: Log
  readonly clock: Clock
  readonly stepsIntervalMs: number
  readonly steps: RunStepsOptions
  /** Whether every stream is still there: steps do not build on what some are missing from. */
  readonly isWhole: () => boolean
  /** Asked how it stands, now and then. */
  readonly replication: SourceReplication | undefined
  readonly whileOpen: ((open: OpenRun) => Promise<AsyncDisposable>) | undefined
  /** Told once, how long it took. */
  readonly onCaughtUp: (durationMs: number) => void
  /** Told after each round of steps. */
  readonly onSteps: (results: readonly NamedStepResult[]) => void
}

/**
 * What goes on beside the stream of a run that follows, on other connections of the open destination: the steps, and
 * whatever the caller wants to do with it (`RunOptions.whileOpen`). Neither may end the run: what goes wrong is told.
 */
export class Following {
  readonly #options: FollowingOptions
  readonly #rounds: StepRounds
  readonly #startedAtMs: number
  #hasCaughtUp = false

  constructor(options: FollowingOptions) {
    const { clock, stepsIntervalMs } = options
    this.#options = options
    this.#rounds = new StepRounds({ clock, intervalMs: stepsIntervalMs })
    this.#startedAtMs = clock.nowMs()
  }

  /** Follows while the session is open: all that goes on beside it ends before this does. */
  async during<Result>(
    session: DestinationSession,
    work: (listener: FollowListener) => Promise<Result>,
  ): Promise<Result> {
    await using _ = await this.#companion(session)
    const { replication, clock, steps, log } = this.#options
    await using watch = new LagWatch({ replication, clock, emit: steps.emit, signal: steps.signal, log })
    const beside = new StepsBeside(this.#options, this.#rounds, session)
    try {
      const result = await work({
        caughtUp: () => {
          this.#tellCaughtUp()
          watch.begin()
          beside.begin()
        },
        rowsCommitted: () => this.#rounds.noticeRows(),
      })
      await beside.end()
      return result
    } catch (error) {
      await beside.abandon()
      throw error
    }
  }

  #tellCaughtUp(): void {
    if (this.#hasCaughtUp) return
    this.#hasCaughtUp = true
    this.#options.onCaughtUp(Math.round(this.#options.clock.nowMs() - this.#startedAtMs))
  }

  async #companion(session: DestinationSession): Promise<AsyncDisposable> {
    const { whileOpen, steps, log } = this.#options
    const nothing = { [Symbol.asyncDispose]: async () => {} }
    if (whileOpen === undefined || session.openWarehouse === undefined) return nothing
    const { pipeline, runId, signal } = steps
    try {
      return await whileOpen({
        pipeline,
        runId,
        openWarehouse: async () => await session.openWarehouse!({ signal, log }),
      })
    } catch (error) {
      log.warn(error instanceof Error ? error.message : String(error))
      return nothing
    }
  }
}

/** The rounds of steps during one session. */
class StepsBeside {
  readonly #options: FollowingOptions
  readonly #rounds: StepRounds
  readonly #session: DestinationSession
  readonly #ending = new AbortController()
  readonly #abandoned = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: FollowingOptions, rounds: StepRounds, session: DestinationSession) {
    this.#options = options
    this.#rounds = rounds
    this.#session = session
  }

  begin(): void {
    const { steps, stopSignal } = this.#options.steps
    if (this.#running !== undefined || steps.length === 0) return
    const ending = AbortSignal.any([this.#ending.signal, stopSignal])
    this.#running = this.#rounds.run(async () => await this.#round(), ending)
  }

  /** No further round begins; the one under way is waited for. */
  async end(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  /** The session is broken, or the run was told to end at once. */
  async abandon(): Promise<void> {
    this.#abandoned.abort()
    await this.end()
  }

  /** Never rejects. */
  async #round(): Promise<void> {
    const { steps: given, onSteps, isWhole } = this.#options
    if (!isWhole()) return
    const signal = AbortSignal.any([given.signal, this.#abandoned.signal])
    const results: NamedStepResult[] = []
    try {
      await using warehouse = await this.#borrow(signal)
      await runSteps(warehouse, { ...given, signal }, (result) => void results.push(result))
    } catch (error) {
      if (signal.aborted) return
      const failure = stepFailure(given.steps[results.length]!.name, error)
      results.push(failure)
      const { step, status, summary } = failure
      given.emit({ type: 'step_completed', step, status, summary, durationMs: 0 })
    }
    onSteps(results)
  }

  async #borrow(signal: AbortSignal): Promise<Warehouse> {
    if (this.#session.openWarehouse === undefined) throw noWarehouse(this.#options.destination)
    return await this.#session.openWarehouse({ signal, log: this.#options.steps.log })
  }
}
