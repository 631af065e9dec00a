import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DestinationSession } from '@eclusa/sdk'
import {
  arbitraryPlan,
  changesOf,
  committedAtUs,
  copiedRows,
  copyOf,
  logOf,
  narrow,
  noValue,
  positionOf,
  printed,
  replicated,
} from '@eclusa/warehouse/testing/load'
import type { Plan, Step, Transaction } from '@eclusa/warehouse/testing/load'
import { DuckDbFixture } from '../../testing/duckdb-fixture.ts'

/*
 * A copy that was interrupted goes on in a later snapshot: keys 0 and 1 are as of one moment, 2 and 3 as of a later one,
 * and the log is read from the first moment on. The later part comes as such or, as from PostgreSQL, as changes; and some
 * changes may even come before it.
 */

const runs = Number(process.env['ECLUSA_TEST_HISTORIES'] ?? 8)
const of = replicated({ schema: narrow })

interface Moments {
  readonly first: number
  readonly second: number
  /** Changes of so many transactions come before the second part. */
  readonly early: number
  readonly commits: readonly boolean[]
  readonly secondAsChanges: boolean
}

const arbitraryMoments: fc.Arbitrary<Moments> = fc.record({
  first: fc.nat({ max: 3 }),
  second: fc.nat({ max: 4 }),
  early: fc.nat({ max: 4 }),
  commits: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  secondAsChanges: fc.boolean(),
})

/** A change of key whose values were not sent can take them to a part of the table where nobody has ever seen them. */
function sendingAll(one: Step): Step {
  return one.type === 'rekey' ? { ...one, values: one.values.map((value) => value ?? noValue) } : one
}

async function copyPart(
  session: DestinationSession,
  log: readonly Transaction[],
  { at, keys, asChanges = false }: { at: number; keys: number[]; asChanges?: boolean },
): Promise<void> {
  const rows = copiedRows(new Map([...(log[at - 1]?.live ?? [])].filter(([key]) => keys.includes(key))), narrow)
  const position = positionOf(at - 1)
  // One batch for each row: the second one has the position of the first.
  if (!asChanges) await session.write(copyOf(rows, of, position))
  else for (const row of rows) await session.write(changesOf([{ operation: 'insert', row, position, order: -1 }], of))
}

async function apply(session: DestinationSession, { entries }: Transaction): Promise<void> {
  for (const entry of entries) {
    if ('change' in entry) await session.write(changesOf([entry.change], of))
    else {
      const { position } = entry.truncated
      await session.truncateStream(of.stream, { ...entry.truncated, committedAtUs: committedAtUs(position) })
    }
  }
}

async function play(fixture: DuckDbFixture, log: readonly Transaction[], moments: Moments): Promise<void> {
  const first = Math.min(moments.first, log.length)
  const second = Math.min(first + moments.second, log.length)
  const early = Math.min(first + moments.early, second)
  const checkpoints = [{ stream: of.stream, state: {} }]
  const run = async (resumed: boolean, what: (session: DestinationSession) => Promise<void>) => {
    await using session = await fixture.open([of])
    await session.startStream(of.stream, { resumed })
    await what(session)
    await session.commit(checkpoints)
  }
  await run(false, (session) => copyPart(session, log, { at: first, keys: [0, 1] }))
  await run(true, async (session) => {
    for (const [index, transaction] of log.slice(first).entries()) {
      const at = first + index
      if (at === early) await copyPart(session, log, { at: second, keys: [2, 3], asChanges: moments.secondAsChanges })
      if (at === second) await session.copiedStream(of.stream)
      if (moments.commits.at(at)) await session.commit(checkpoints)
      await apply(session, transaction)
    }
    if (early === log.length)
      await copyPart(session, log, { at: second, keys: [2, 3], asChanges: moments.secondAsChanges })
    if (second === log.length) await session.copiedStream(of.stream)
  })
}

it('a copy of two moments, with changes from the first on, comes to what the table is', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryPlan, arbitraryMoments, async (plan: Plan, moments) => {
      const transactions = plan.transactions.map((steps) => steps.map(sendingAll))
      const log = logOf({ ...plan, transactions, widerFrom: Infinity })
      using fixture = new DuckDbFixture()
      await play(fixture, log, moments)
      const rows = await fixture.rows('SELECT id, note, doc::VARCHAR, tags::VARCHAR, NULL FROM staging.orders')
      const live = log.at(-1)!.live
      expect(rows.toSorted()).toEqual([...live].map(([id, row]) => printed('duckdb', id, row)).toSorted())
    }),
    { numRuns: runs, endOnFailure: true },
  )
})
