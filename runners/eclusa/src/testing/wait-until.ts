import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 20
const deadlineMs = 60_000

/** Asks again and again. @throws when it has not come true within a minute. */
export async function waitUntil(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadlineAtMs = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > deadlineAtMs) throw new Error(`waited in vain until ${what}`)
    await delay(pollMs)
  }
}
