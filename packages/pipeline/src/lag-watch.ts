import type { Clock, ConnectorContext, SourceReplication } from '@eclusa/sdk'
import type { EmitEvent } from './run-emitter.ts'

export interface LagWatchOptions extends ConnectorContext {
  readonly replication: SourceReplication | undefined
  readonly clock: Clock
  readonly emit: EmitEvent
}

const intervalMs = 10_000

/**
 * Asks the source now and then how its replication stands at the server: how much there is to read, how much the server
 * keeps, and whether anything is about to go wrong, such as a limit that comes near. What was so when the run had caught up
 * is for `check` to tell; what comes later is warned of once.
 */
export class LagWatch implements AsyncDisposable {
  readonly #options: LagWatchOptions
  readonly #ending = new AbortController()
  #known: Set<string> | undefined
  #running: Promise<void> | undefined

  constructor(options: LagWatchOptions) {
    this.#options = options
  }

  begin(): void {
    const { replication } = this.#options
    if (replication !== undefined) this.#running ??= this.#watch(replication)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  /** Never rejects. */
  async #watch(replication: SourceReplication): Promise<void> {
    const { clock, signal, log } = this.#options
    const ending = AbortSignal.any([signal, this.#ending.signal])
    while (!ending.aborted) {
      try {
        await this.#ask(replication, ending)
        await clock.sleep(intervalMs, ending)
      } catch (error) {
        if (ending.aborted) return
        // That the server is away is told by whoever reads from it.
        log.debug('The server could not be asked how replication stands.', { error })
        await clock.sleep(intervalMs, ending).catch(() => {})
      }
    }
  }

  /** Without checkpoints the lag is from what was acknowledged, which is what is durable. */
  async #ask(replication: SourceReplication, signal: AbortSignal): Promise<void> {
    const { emit, log } = this.#options
    const { lag, retainedBytes, findings } = await replication.status({ signal, log, checkpoints: [] })
    if (lag !== undefined)
      emit({ type: 'lag', bytes: lag.bytes, ...(retainedBytes === undefined ? {} : { retainedBytes }) })
    const wrong = findings.filter(({ status }) => status !== 'passed')
    this.#known ??= new Set(wrong.map(({ subject }) => subject))
    for (const { subject, message, remedy } of wrong) {
      if (this.#known.has(subject)) continue
      this.#known.add(subject)
      log.warn(message, { subject, ...(remedy === undefined ? {} : { remedy }) })
    }
  }
}
