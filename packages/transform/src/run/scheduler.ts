import { EclusaError } from '@eclusa/sdk'

/** What a schedule needs to know about the work. */
export interface Schedule {
  /** In order of preference: of two that are ready, the earlier begins first. */
  readonly ids: readonly string[]
  /** Ids that must end before this one begins; those outside the schedule do not count. */
  readonly waitsFor: (id: string) => readonly string[]
  /** Does one piece of work. Never rejects. */
  readonly run: (id: string) => Promise<void>
  /** At most so many at once. */
  readonly concurrency: number
}

/**
 * Runs everything, each as soon as what it waits for has ended, up to `concurrency` at once.
 *
 * @throws INTERNAL when some wait for each other, after all others have ended.
 */
export async function runSchedule({ ids, waitsFor, run, concurrency }: Schedule): Promise<void> {
  const scheduled = new Set(ids)
  const open = new Map(ids.map((id) => [id, new Set(waitsFor(id).filter((other) => scheduled.has(other)))]))
  const waiters = new Map<string, string[]>()
  for (const [id, others] of open) for (const other of others) waiters.set(other, [...(waiters.get(other) ?? []), id])
  const ready = ids.filter((id) => open.get(id)!.size === 0)
  const running = new Map<string, Promise<string>>()
  while (ready.length > 0 || running.size > 0) {
    while (ready.length > 0 && running.size < concurrency) {
      const id = ready.shift()!
      running.set(
        id,
        run(id).then(() => id),
      )
    }
    const ended = await Promise.race(running.values())
    running.delete(ended)
    for (const waiter of waiters.get(ended) ?? []) {
      const others = open.get(waiter)!
      others.delete(ended)
      if (others.size === 0) ready.push(waiter)
    }
  }
  const stuck = ids.filter((id) => open.get(id)!.size > 0)
  if (stuck.length === 0) return
  const message = `Nothing of these can be run, because they wait for each other: ${stuck.slice(0, 20).join(', ')}.`
  throw new EclusaError('INTERNAL', { message })
}
