/*
 * Locks of whole tables, as Snowflake has them. UPDATE, DELETE and MERGE take a table for themselves until their
 * transaction ends; rows may be inserted meanwhile; a change of the table's columns waits for all of them. Who waits is
 * served in the order of coming.
 */

/** `append` for INSERT and COPY, `write` for statements that change rows, `define` for ALTER TABLE. */
export type LockMode = 'append' | 'write' | 'define'

/** Whoever holds locks: compared by identity alone. */
export type LockHolder = object

export type LockOutcome = 'granted' | 'timed-out' | 'deadlock'

interface LockWish {
  readonly holder: LockHolder
  readonly tableId: number
  readonly mode: LockMode
}

interface Waiter extends LockWish {
  readonly settle: (outcome: LockOutcome) => void
}

export class TableLocks {
  readonly #held = new Map<number, Map<LockHolder, LockMode>>()
  readonly #waiters = new Set<Waiter>()

  /** Waits until the lock is free, `waitMs` have passed or the signal aborts. A wait that could never end is refused. */
  async acquire(
    wish: LockWish,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<LockOutcome> {
    if (this.#blockersOf(wish).length === 0) return this.#grant(wish)
    if (this.#wouldNeverEnd(wish)) return 'deadlock'
    if (waitMs <= 0) return 'timed-out'
    signal?.throwIfAborted()
    return await new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        this.#waiters.delete(waiter)
        // Who stood behind this one may be free to go.
        this.#serve()
      }
      const waiter: Waiter = {
        ...wish,
        settle: (outcome) => {
          end()
          resolve(outcome)
        },
      }
      const onAbort = (): void => {
        end()
        reject(signal?.reason as Error)
      }
      const timer = setTimeout(() => {
        waiter.settle('timed-out')
      }, waitMs)
      signal?.addEventListener('abort', onAbort)
      this.#waiters.add(waiter)
    })
  }

  /** The tables that the holder has locked, with how. */
  heldBy(holder: LockHolder): readonly { readonly tableId: number; readonly mode: LockMode }[] {
    return [...this.#held].flatMap(([tableId, holders]) => {
      const mode = holders.get(holder)
      return mode === undefined ? [] : [{ tableId, mode }]
    })
  }

  releaseAll(holder: LockHolder): void {
    for (const [tableId, holders] of this.#held) {
      holders.delete(holder)
      if (holders.size === 0) this.#held.delete(tableId)
    }
    this.#serve()
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      if (this.#blockersOf(waiter).length > 0) continue
      this.#grant(waiter)
      waiter.settle('granted')
      return
    }
  }

  #grant({ holder, tableId, mode }: LockWish): 'granted' {
    const holders = this.#held.get(tableId) ?? new Map<LockHolder, LockMode>()
    this.#held.set(tableId, holders)
    holders.set(holder, stronger(holders.get(holder), mode))
    return 'granted'
  }

  #blockersOf(wish: LockWish): readonly LockHolder[] {
    const holders = this.#held.get(wish.tableId) ?? new Map<LockHolder, LockMode>()
    const blockers = [...holders].flatMap(([holder, mode]) =>
      holder !== wish.holder && conflicts(mode, wish.mode) ? [holder] : [],
    )
    // Who has the table already does not queue up for more of it: those who wait, wait for it.
    return holders.has(wish.holder) ? blockers : [...blockers, ...this.#waitingBefore(wish)]
  }

  #waitingBefore(wish: LockWish): readonly LockHolder[] {
    const before: LockHolder[] = []
    for (const waiter of this.#waiters) {
      if (waiter === wish) break
      if (waiter.tableId === wish.tableId && waiter.holder !== wish.holder && conflicts(waiter.mode, wish.mode)) {
        before.push(waiter.holder)
      }
    }
    return before
  }

  /** Whether one of those who are waited for waits, by however many others, for this holder. */
  #wouldNeverEnd(wish: LockWish): boolean {
    const seen = new Set<LockHolder>()
    const next = [...this.#blockersOf(wish)]
    for (let holder = next.pop(); holder !== undefined; holder = next.pop()) {
      if (holder === wish.holder) return true
      if (seen.has(holder)) continue
      seen.add(holder)
      for (const waiter of this.#waiters) if (waiter.holder === holder) next.push(...this.#blockersOf(waiter))
    }
    return false
  }
}

const strengths: readonly LockMode[] = ['append', 'write', 'define']

function stronger(held: LockMode | undefined, mode: LockMode): LockMode {
  return held !== undefined && strengths.indexOf(held) > strengths.indexOf(mode) ? held : mode
}

function conflicts(one: LockMode, other: LockMode): boolean {
  return one === 'define' || other === 'define' || (one === 'write' && other === 'write')
}
