import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LastCommit } from './last-commit.ts'
import { LogComparison, comparisonOf } from './log-comparison.ts'

/** A transaction in a log: its commit record takes ten bytes from `at` on. */
interface Transaction {
  readonly at: bigint
  readonly committedAtUs: bigint
  readonly hasChange: boolean
  /** Sent when it was prepared, and committed later. */
  readonly isPrepared: boolean
}

const xid = 7
const commitBytes = 10n

const anyLog = fc
  .array(fc.record({ gap: fc.bigInt(0n, 50n), hasChange: fc.boolean(), isPrepared: fc.boolean() }), { maxLength: 12 })
  .map((made) => {
    let end = 100n
    return made.map(({ gap, hasChange, isPrepared }, index): Transaction => {
      const at = end + gap
      end = at + commitBytes
      return { at, committedAtUs: BigInt(index), hasChange, isPrepared }
    })
  })

/** What a reader of the log notes that has come up to a position. */
function lastCommitBefore(log: readonly Transaction[], position: bigint): LastCommit {
  const last = log.findLast(({ at, hasChange, isPrepared }) => at < position && (hasChange || isPrepared))
  return { position: last?.at ?? 100n, committedAtUs: last?.committedAtUs }
}

/** The fault, when a server with this log is asked; undefined when it is the same. */
function faultIn(
  log: readonly Transaction[],
  { confirmed, position, lastCommit }: { confirmed: bigint; position: bigint; lastCommit: LastCommit },
): string | undefined {
  const part = comparisonOf(confirmed, { position, lastCommit })
  if (part === undefined) return undefined
  const comparison = new LogComparison(part)
  comparison.keepAlive(confirmed)
  for (const { at, committedAtUs, hasChange, isPrepared } of log.filter((transaction) => transaction.at >= part.from)) {
    const commit = { commitLsn: at, endLsn: at + commitBytes, committedAtUs }
    const prepare = { prepareLsn: at - 1n, endLsn: at, preparedAtUs: 0n, xid, globalId: '' }
    if (isPrepared) {
      comparison.message({ kind: 'begin-prepare', ...prepare })
      if (hasChange) comparison.change()
      comparison.keepAlive(1000n)
      comparison.message({ kind: 'prepare', ...prepare })
      comparison.message({ kind: 'commit-prepared', ...commit, xid, globalId: '' })
    } else {
      comparison.message({ kind: 'begin', finalLsn: at, committedAtUs, xid })
      comparison.keepAlive(1000n)
      if (hasChange) comparison.change()
      comparison.message({ kind: 'commit', ...commit })
    }
  }
  comparison.keepAlive(1000n)
  expect(comparison.isDone).toBe(true)
  return comparison.fault
}

/** A log, up to where it was read, and up to where that was confirmed: at the end of a commit, or between. */
const anyReading = fc.tuple(anyLog, fc.bigInt(100n, 900n), fc.bigInt(100n, 900n)).map(([log, first, second]) => {
  const outside = (place: bigint) =>
    log.reduce((found, { at }) => (found > at && found < at + commitBytes ? at + commitBytes : found), place)
  const [confirmed, position] = [outside(first < second ? first : second), outside(first < second ? second : first)]
  return { log, confirmed, position, lastCommit: lastCommitBefore(log, position) }
})

describe('a log that is compared with what was read of it', () => {
  it('is the same where nothing else was written, however much of it was confirmed', () => {
    fc.assert(
      fc.property(anyReading, ({ log, ...read }) => {
        expect(faultIn(log, read)).toBeUndefined()
      }),
    )
  })

  it('is another one where the part that was not confirmed has another end', () => {
    fc.assert(
      fc.property(anyReading, anyLog, ({ log, confirmed, position, lastCommit }, made) => {
        fc.pre(confirmed < position)
        // What was written after an older state was restored has other times.
        const anew = made.map((transaction) => ({
          ...transaction,
          at: transaction.at - 100n + confirmed,
          committedAtUs: transaction.committedAtUs + 1000n,
        }))
        const restored = [...log.filter(({ at }) => at < confirmed), ...anew]
        const isGone = lastCommit.committedAtUs !== undefined && lastCommit.position >= confirmed
        const from = isGone ? lastCommit.position : confirmed
        const hasNews = anew.some(
          ({ at, hasChange, isPrepared }) => (hasChange || isPrepared) && at >= from && at < position,
        )
        const fault = faultIn(restored, { confirmed, position, lastCommit })
        expect(fault !== undefined).toBe(isGone || hasNews)
      }),
    )
  })

  it('need not be compared where all is confirmed, or an earlier version wrote the checkpoint', () => {
    const lastCommit = { position: 5n, committedAtUs: 1n }
    expect(comparisonOf(10n, { position: 10n, lastCommit })).toBeUndefined()
    expect(comparisonOf(9n, { position: 10n, lastCommit: undefined })).toBeUndefined()
    const nothing = { position: 10n, committedAtUs: undefined }
    expect(comparisonOf(9n, { position: 10n, lastCommit: nothing })).toBeUndefined()
    expect(comparisonOf(2n, { position: 10n, lastCommit })?.from).toBe(5n)
    expect(comparisonOf(7n, { position: 10n, lastCommit })?.from).toBe(7n)
  })
})
