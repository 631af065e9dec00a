import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DestinationSession } from '@eclusa/sdk'
import { changesOf, committedAtUs, copyOf, replicated } from '../../testing/change-batch.ts'
import type { Change } from '../../testing/change-batch.ts'
import { DuckDbFixture } from '../../testing/duckdb-fixture.ts'
import { arbitraryPlan, copiedRows, logOf, narrow, positionOf, printed, wide } from '../../testing/random-history.ts'
import type { Plan, Transaction } from '../../testing/random-history.ts'

const runs = Number(process.env['ECLUSA_TEST_HISTORIES'] ?? 8)
const columns = 'id, note, doc::VARCHAR, tags::VARCHAR, extra'

interface Mode {
  readonly of: ReturnType<typeof replicated>
  readonly config: { readonly cdc_deletion_mode: 'hard_delete' | 'soft_delete' }
}

/** Reads the log of a plan into a warehouse, as a source would that at times reads it again from further back. */
class Run {
  readonly #fixture: DuckDbFixture
  readonly #plan: Plan
  readonly #mode: Mode
  readonly #log: readonly Transaction[]
  readonly #copied: number
  #session: DestinationSession | undefined
  #pending: Change[] = []
  #schema = narrow

  constructor(fixture: DuckDbFixture, plan: Plan, mode: Mode) {
    this.#fixture = fixture
    this.#plan = plan
    this.#mode = mode
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
    const { of } = this.#mode
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
        await session.truncateStream(this.#mode.of.stream, { position, order, committedAtUs: committedAtUs(position) })
      }
    }
  }

  async #flush(): Promise<void> {
    const changes = this.#pending.splice(0)
    if (changes.length > 0) await (await this.#open(true)).write(changesOf(changes, this.#mode.of, this.#schema))
  }

  async #commit(): Promise<void> {
    await this.#flush()
    await (await this.#open(true)).commit([{ stream: this.#mode.of.stream, state: {} }])
  }

  async #end(): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]()
    this.#session = undefined
  }

  async #open(resumed: boolean): Promise<DestinationSession> {
    if (this.#session !== undefined) return this.#session
    const { of, config } = this.#mode
    this.#session = await this.#fixture.open([{ ...of, schema: this.#schema }], { config })
    await this.#session.startStream(of.stream, { resumed })
    return this.#session
  }
}

async function played(plan: Plan, mode: Mode, query: string) {
  using fixture = new DuckDbFixture()
  const { log, copied } = await new Run(fixture, plan, mode).play()
  // The column that came late, or never.
  const [extra] = await fixture.rows(`SELECT count(*) FROM duckdb_columns() WHERE column_name = 'extra'`)
  const rows = await fixture.rows(extra === '0' ? query.replaceAll('extra', 'NULL') : query)
  return {
    log,
    copied,
    rows,
    ids: await fixture.rows('SELECT count(*) - count(DISTINCT _airbyte_raw_id) FROM staging.orders'),
  }
}

const merged = (deletion: Mode['config']['cdc_deletion_mode']): Mode => ({
  of: replicated({ schema: narrow }),
  config: { cdc_deletion_mode: deletion },
})

describe('a random history, cut into batches and commits at random, with parts of it read twice', () => {
  it('leaves the rows of the table, where deletes are hard', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPlan, async (plan) => {
        const query = `SELECT ${columns} FROM staging.orders`
        const { log, rows, ids } = await played(plan, merged('hard_delete'), query)
        const live = log.at(-1)!.live
        expect(rows.toSorted()).toEqual([...live].map(([id, row]) => printed(id, row)).toSorted())
        expect(ids).toEqual(['0'])
      }),
      { numRuns: runs, endOnFailure: true },
    )
  })

  it('leaves the rows that were ever there, marked where they are gone, where deletes are soft', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPlan, async (plan) => {
        const query = `SELECT ${columns}, _ab_cdc_deleted_at IS NOT NULL FROM staging.orders`
        const { log, copied, rows, ids } = await played(plan, merged('soft_delete'), query)
        const seen = new Map<number, string>()
        for (const { live, history } of log.slice(Math.max(0, copied - 1))) {
          const isCopy = live === log[copied - 1]?.live
          for (const { key, row, isDelete } of isCopy ? [] : history) if (!isDelete) seen.set(key, printed(key, row))
          if (isCopy) for (const [key, row] of live) seen.set(key, printed(key, row))
        }
        const live = log.at(-1)!.live
        const expected = [...seen].map(([key, row]) => `${row}|${!live.has(key)}`)
        expect(rows.toSorted()).toEqual(expected.toSorted())
        expect(ids).toEqual(['0'])
      }),
      { numRuns: runs, endOnFailure: true },
    )
  })

  it('leaves a row for each change, in a history', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPlan, async (plan) => {
        const mode: Mode = {
          ...merged('hard_delete'),
          of: replicated({ schema: narrow, destinationSyncMode: 'append' }),
        }
        const query = `SELECT _ab_cdc_lsn, _ab_cdc_order, ${columns}, _ab_cdc_deleted_at IS NOT NULL FROM staging.orders`
        const { log, copied, rows, ids } = await played(plan, mode, query)
        const copy = log[copied - 1]
        const expected = [
          ...[...(copy?.live ?? [])].map(([id, row]) => `${positionOf(copied - 1)}|-1|${printed(id, row)}|false`),
          ...log
            .slice(copied)
            .flatMap(({ history }) => history)
            .map(({ position, order, key, row, isDelete }) => `${position}|${order}|${printed(key, row)}|${isDelete}`),
        ]
        expect(rows.toSorted()).toEqual(expected.toSorted())
        expect(ids).toEqual(['0'])
      }),
      { numRuns: runs, endOnFailure: true },
    )
  })
})
