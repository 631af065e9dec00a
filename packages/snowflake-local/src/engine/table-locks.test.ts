import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TableLocks } from './table-locks.ts'
import type { LockHolder, LockMode, LockOutcome } from './table-locks.ts'

const forever = { waitMs: 600_000, signal: undefined }

describe('locks of tables', () => {
  it('lets rows be inserted while a table is changed, and one change wait for the other', async () => {
    const locks = new TableLocks()
    const [first, second, third] = [{}, {}, {}]
    await expect(locks.acquire({ holder: first, tableId: 1, mode: 'write' }, forever)).resolves.toBe('granted')
    await expect(locks.acquire({ holder: second, tableId: 1, mode: 'append' }, forever)).resolves.toBe('granted')
    await expect(locks.acquire({ holder: second, tableId: 2, mode: 'write' }, forever)).resolves.toBe('granted')
    const waiting = locks.acquire({ holder: third, tableId: 1, mode: 'write' }, forever)
    locks.releaseAll(first)
    await expect(waiting).resolves.toBe('granted')
    expect(locks.heldBy(third)).toEqual([{ tableId: 1, mode: 'write' }])
  })

  it('gives up when the time is over, at once when there is none, and when it is told to', async () => {
    const locks = new TableLocks()
    const [first, second] = [{}, {}]
    await locks.acquire({ holder: first, tableId: 1, mode: 'define' }, forever)
    const wish = { holder: second, tableId: 1, mode: 'append' } as const
    await expect(locks.acquire(wish, { waitMs: 0, signal: undefined })).resolves.toBe('timed-out')
    await expect(locks.acquire(wish, { waitMs: 1, signal: undefined })).resolves.toBe('timed-out')
    const canceled = new AbortController()
    const waiting = locks.acquire(wish, { waitMs: 600_000, signal: canceled.signal })
    canceled.abort(new Error('canceled'))
    await expect(waiting).rejects.toThrow('canceled')
    locks.releaseAll(first)
    expect(locks.heldBy(second)).toEqual([])
  })

  it('refuses the wait that would close a circle', async () => {
    const locks = new TableLocks()
    const [first, second] = [{}, {}]
    await locks.acquire({ holder: first, tableId: 1, mode: 'write' }, forever)
    await locks.acquire({ holder: second, tableId: 2, mode: 'write' }, forever)
    const waiting = locks.acquire({ holder: first, tableId: 2, mode: 'write' }, forever)
    await expect(locks.acquire({ holder: second, tableId: 1, mode: 'write' }, forever)).resolves.toBe('deadlock')
    locks.releaseAll(second)
    await expect(waiting).resolves.toBe('granted')
  })

  it('never gives two holders what excludes each other, and leaves nobody waiting', async () => {
    const step = fc.record({
      holder: fc.nat(3),
      tableId: fc.nat(2),
      mode: fc.constantFrom<LockMode>('append', 'write', 'define'),
      release: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const locks = new TableLocks()
        const holders = Array.from({ length: 4 }, (_, id) => ({ id }))
        const waiting = new Map<LockHolder, Promise<LockOutcome>>()
        for (const { holder: index, tableId, mode, release } of steps) {
          const holder = holders.find(({ id }) => id === index) ?? {}
          if (release) locks.releaseAll(holder)
          // A session runs one statement at a time.
          else if (!waiting.has(holder)) {
            const outcome = locks.acquire({ holder, tableId, mode }, forever)
            waiting.set(
              holder,
              outcome.finally(() => waiting.delete(holder)),
            )
          }
          await new Promise(setImmediate)
          for (const table of [0, 1, 2]) expect(strongHolders(locks, holders, table)).toBeLessThanOrEqual(1)
        }
        while (waiting.size > 0) {
          for (const holder of holders) if (!waiting.has(holder)) locks.releaseAll(holder)
          await new Promise(setImmediate)
        }
      }),
      { numRuns: 50 },
    )
  })
})

/** Those who change rows, or one who defines while anybody else is there. */
function strongHolders(locks: TableLocks, holders: readonly LockHolder[], table: number): number {
  const modes = holders.flatMap((holder) =>
    locks.heldBy(holder).flatMap(({ tableId, mode }) => (tableId === table ? [mode] : [])),
  )
  return modes.includes('define') ? modes.length : modes.filter((mode) => mode === 'write').length
}
