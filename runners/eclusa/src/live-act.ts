import type { OpenRun } from '@eclusa/pipeline'
import type { RunEvent } from '@eclusa/sdk'
import type { CommandContext } from './command-context.ts'
import { formatCount, formatDuration } from './output/quantity.ts'

export interface LiveActOptions {
  /** Lets something happen in the source, in one transaction. */
  readonly change: () => Promise<void>
  /** Ends the run that follows. */
  readonly stop: () => void
}

/**
 * Where the demo waits for what a change sets going: the first star schema, then, for each change, the commit that
 * brings it into the warehouse, and the next round of steps from its beginning to its end.
 */
type Stage = 'first_round' | 'commit' | 'round_begin' | 'round_end' | 'done'

const changesMax = 4

const answerSql = `
SELECT count(DISTINCT order_id)::INTEGER, round(sum(net_amount))::BIGINT::DOUBLE
FROM analytics.fct_sales WHERE NOT is_cancelled`

/** The demo's last act: rows change in PostgreSQL, one transaction after the other, while the star schema follows. */
export class LiveAct {
  readonly #context: CommandContext
  readonly #options: LiveActOptions
  #open: OpenRun | undefined
  #stage: Stage = 'first_round'
  #changes = 0
  #changedAtMs = 0

  constructor(context: CommandContext, options: LiveActOptions) {
    this.#context = context
    this.#options = options
  }

  open(open: OpenRun): AsyncDisposable {
    this.#open = open
    return { [Symbol.asyncDispose]: async () => void (this.#open = undefined) }
  }

  onEvent(event: RunEvent): void {
    if (this.#stage === 'first_round' && event.type === 'step_completed') void this.#afterFirstRound()
    else if (this.#stage === 'commit' && event.type === 'committed' && this.#holdsChange(event))
      this.#stage = 'round_begin'
    else if (this.#stage === 'round_begin' && event.type === 'step_started') this.#stage = 'round_end'
    else if (this.#stage === 'round_end' && event.type === 'step_completed') void this.#afterRound(Date.parse(event.at))
  }

  /** The newest change of a commit is as old as the commit says. Source and warehouse have one clock here. */
  #holdsChange({ at, lag }: Extract<RunEvent, { type: 'committed' }>): boolean {
    return lag !== undefined && lag.ms > 0 && Date.parse(at) - lag.ms >= this.#changedAtMs - 1
  }

  async #afterFirstRound(): Promise<void> {
    const { paintNote } = this.#context.terminal
    this.#context.note(`\n${paintNote('bold', 'Now the company goes on, and the star schema follows:')}`)
    await this.#change()
  }

  /** Never rejects: what goes wrong ends the act, and the run in order. */
  async #change(): Promise<void> {
    if (this.#changes === changesMax || this.#context.interruption.stopSignal.aborted) return this.#end()
    this.#changes += 1
    this.#changedAtMs = Date.now()
    this.#stage = 'commit'
    try {
      await this.#options.change()
    } catch (error) {
      this.#context.fail(error)
      this.#end()
    }
  }

  async #afterRound(endedAtMs: number): Promise<void> {
    try {
      await this.#tell(endedAtMs - this.#changedAtMs)
    } catch (error) {
      this.#context.fail(error)
      return this.#end()
    }
    await this.#change()
  }

  async #tell(afterMs: number): Promise<void> {
    await using warehouse = await this.#open?.openWarehouse()
    if (warehouse === undefined) return
    await using connection = await warehouse.connect()
    const { rows } = await connection.query(answerSql)
    const [orders, revenue] = rows[0]!.map(Number) as [number, number]
    const step = `change ${this.#changes} of ${changesMax}`
    this.#context.note(
      `  ${step}: ${formatCount(orders)} orders, ${formatCount(revenue)} euros, ${formatDuration(afterMs)} after it was made in PostgreSQL`,
    )
    if (this.#context.isJson) this.#context.jsonLine({ type: 'live', change: this.#changes, orders, revenue, afterMs })
  }

  #end(): void {
    this.#stage = 'done'
    this.#options.stop()
  }
}
