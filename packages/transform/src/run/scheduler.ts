import { EclusaError } from '@eclusa/sdk'

/** What a schedule needs to know about the work. */
export interface Schedule {
  readonly ids: readonly string[]
  /** Ids that must end before this one begins; those outside the schedule do not count. */
  readonly waitsFor: (id: string) => readonly string[]
  /** Does one piece of work. Never rejects. */
  readonly run: (id: string) => Promise<void>
  /** At most so many at once. */
  readonly concurrency: number
}

/**
 * Runs everything, each as soon as what it waits for has ended, up to `concurrency` at once. What was ready
 * first begins first; of what becomes ready at one moment that with the shortest way from the start, and of such the
 * first by its id. That is dbt's order, whose queue hands on to its threads whatever is ready.
 *
 * @throws INTERNAL when some wait for each other, after all others have ended.
 */
export async function runSchedule({ ids, waitsFor, run, concurrency }: Schedule): Promise<void> {
  const scheduled = new Set(ids)
  const waits = new Map(ids.map((id) => [id, [...new Set(waitsFor(id).filter((other) => scheduled.has(other)))]]))
  const open = new Map([...waits].map(([id, others]) => [id, others.length]))
  const waiters = new Map<string, string[]>()
  for (const [id, others] of waits) for (const other of others) waiters.set(other, [...(waiters.get(other) ?? []), id])
  const ranks = ranksOf(ids, waits, waiters)
  const inOrder = (those: readonly string[]) => those.toSorted((a, b) => ranks.get(a)! - ranks.get(b)!)
  const ready = inOrder(ids.filter((id) => open.get(id) === 0))
  let begun = 0
  const running = new Map<string, Promise<string>>()
  while (begun < ready.length || running.size > 0) {
    while (begun < ready.length && running.size < concurrency) {
      const id = ready[begun]!
      begun += 1
      running.set(
        id,
        run(id).then(() => id),
      )
    }
    const ended = await Promise.race(running.values())
    running.delete(ended)
    const waiting = waiters.get(ended) ?? []
    for (const waiter of waiting) open.set(waiter, open.get(waiter)! - 1)
    ready.push(...inOrder(waiting.filter((waiter) => open.get(waiter) === 0)))
  }
  const stuck = ids.filter((id) => open.get(id)! > 0)
  if (stuck.length === 0) return
  const message = `Nothing of these can be run, because they wait for each other: ${stuck.slice(0, 20).join(', ')}.`
  throw new EclusaError('INTERNAL', { message })
}

/** A place in the order of nodes that may begin at the same moment: the longest way from the start, then the id. */
function ranksOf(
  ids: readonly string[],
  waits: ReadonlyMap<string, readonly string[]>,
  waiters: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, number> {
  const levels = levelsOf(ids, waits, waiters)
  const level = (id: string) => levels.get(id) ?? Infinity
  const ordered = ids.toSorted((a, b) => level(a) - level(b) || (a < b ? -1 : a > b ? 1 : 0))
  return new Map(ordered.map((id, rank) => [id, rank]))
}

/** Generations: what waits for nothing, then what waits for those alone, and so on. What is in a circle has none. */
function levelsOf(
  ids: readonly string[],
  waits: ReadonlyMap<string, readonly string[]>,
  waiters: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, number> {
  const levels = new Map<string, number>()
  const open = new Map(ids.map((id) => [id, waits.get(id)!.length]))
  let generation = ids.filter((id) => open.get(id) === 0)
  for (let level = 0; generation.length > 0; level += 1) {
    const next: string[] = []
    for (const id of generation) {
      levels.set(id, level)
      for (const waiter of waiters.get(id) ?? []) {
        open.set(waiter, open.get(waiter)! - 1)
        if (open.get(waiter) === 0) next.push(waiter)
      }
    }
    generation = next
  }
  return levels
}
