import type { ConfiguredStream, DestinationSession } from '@eclusa/sdk'
import { changesOf, committedAtUs, copyOf } from './change-batch.ts'
import type { Change } from './change-batch.ts'
import { copiedRows, logOf, narrow, positionOf, printed, wide } from './random-history.ts'
import type { Plan, Transaction } from './random-history.ts'

export type OpenHistorySession = (of: ConfiguredStream) => Promise<DestinationSession>

/** Reads the log of a plan into a warehouse, as a source would that at times reads it again from further back. */
export class HistoryRun {
  readonly #openSession: OpenHistorySession
  readonly #plan: Plan
  readonly #of: ConfiguredStream
  readonly #log: readonly Transaction[]
  readonly #copied: number
  #session: DestinationSession | undefined
  #pending: Change[] = []
  #schema = narrow

  constructor(open: OpenHistorySession, plan: Plan, of: ConfiguredStream) {
    this.#openSession = open
    this.#plan = plan
    this.#of = of
    this.#log = logOf(plan)
    this.#copied = Math.min(plan.copiedAfter, this.#log.length)
  }

  /** @returns the log, and how many transactions the copy held. */
  async play(): Promise<{ log: readonly Transaction[]; copied: number }> {
    await this.#copy()
    let committed = this.#copied
    for (const [index, transaction] of this.#log.slice(this.#copied).entries()) {
      const at = this.#copied + index
      await this.#write(transaction)
      const cut = at === this.#log.length - 1 ? 'session' : this.#plan.cuts.at(at)
      if (cut === 'batch') await this.#flush()
      if (cut !== 'commit' && cut !== 'session') continue
      await this.#commit()
      committed = at + 1
      if (cut === 'session') await this.#end()
      // What comes again is what was committed, and no more.
      const from = Math.max(this.#copied, committed - (this.#plan.rewinds.at(at) ?? 0))
      for (const again of this.#log.slice(from, committed)) await this.#write(again)
    }
    await this.#flush()
    await this.#commit()
    await this.#end()
    return { log: this.#log, copied: this.#copied }
  }

  async #copy(): Promise<void> {
    const of = this.#of
    const before = this.#log[this.#copied - 1]
    const isWide = before?.schema === wide
    const session = await this.#open(false)
    this.#schema = isWide ? wide : narrow
    const rows = copiedRows(before?.live ?? new Map(), this.#schema)
    await session.write(copyOf(rows, { ...of, schema: this.#schema }, positionOf(this.#copied - 1)))
    await session.copiedStream(of.stream)
  }

  async #write({ entries, schema }: Transaction): Promise<void> {
    if (schema !== this.#schema) await this.#flush()
    this.#schema = schema
    for (const entry of entries) {
      if ('change' in entry) this.#pending.push(entry.change)
      else {
        await this.#flush()
        const { position, order } = entry.truncated
        const session = await this.#open(true)
        await session.truncateStream(this.#of.stream, { position, order, committedAtUs: committedAtUs(position) })
      }
    }
  }

  async #flush(): Promise<void> {
    const changes = this.#pending.splice(0)
    if (changes.length > 0) await (await this.#open(true)).write(changesOf(changes, this.#of, this.#schema))
  }

  async #commit(): Promise<void> {
    await this.#flush()
    await (await this.#open(true)).commit([{ stream: this.#of.stream, state: {} }])
  }

  async #end(): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]()
    this.#session = undefined
  }

  async #open(resumed: boolean): Promise<DestinationSession> {
    if (this.#session !== undefined) return this.#session
    const of = this.#of
    this.#session = await this.#openSession({ ...of, schema: this.#schema })
    await this.#session.startStream(of.stream, { resumed })
    return this.#session
  }
}

export interface Played {
  readonly log: readonly Transaction[]
  /** How many transactions the copy held. */
  readonly copied: number
}

/** What the log must come to, by `deletes`; rows as `id|note|doc|tags|extra`, of a history with where they stand. */
export const expectedRows = {
  hard_delete: ({ log }: Played, warehouse: 'duckdb' | 'snowflake'): string[] =>
    [...log.at(-1)!.live].map(([id, row]) => printed(warehouse, id, row)),

  /** Every row that was ever there, and whether it is gone. */
  soft_delete: ({ log, copied }: Played, warehouse: 'duckdb' | 'snowflake'): string[] => {
    const seen = new Map<number, string>()
    for (const { live, history } of log.slice(Math.max(0, copied - 1))) {
      const isCopy = live === log[copied - 1]?.live
      for (const { key, row, isDelete } of isCopy ? [] : history) {
        if (!isDelete) seen.set(key, printed(warehouse, key, row))
      }
      if (isCopy) for (const [key, row] of live) seen.set(key, printed(warehouse, key, row))
    }
    const { live } = log.at(-1)!
    return [...seen].map(([key, row]) => `${row}|${!live.has(key)}`)
  },

  history: ({ log, copied }: Played, warehouse: 'duckdb' | 'snowflake'): string[] => [
    ...[...(log[copied - 1]?.live ?? [])].map(
      ([id, row]) => `${positionOf(copied - 1)}|-1|${printed(warehouse, id, row)}|false`,
    ),
    ...log
      .slice(copied)
      .flatMap(({ history }) => history)
      .map(
        ({ position, order, key, row, isDelete }) => `${position}|${order}|${printed(warehouse, key, row)}|${isDelete}`,
      ),
  ],
}
