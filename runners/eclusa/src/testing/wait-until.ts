import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 20

/** Asks again and again. @throws when it has not come true in time, by default within a minute. */
export async function waitUntil(
  what: string,
  condition: () => Promise<boolean>,
  { deadlineMs = 60_000 }: { readonly deadlineMs?: number } = {},
): Promise<void> {
  const deadlineAtMs = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > deadlineAtMs) throw new Error(`waited in vain until ${what}`)
    await delay(pollMs)
  }
}
