import { EclusaError } from '@eclusa/sdk'
import type { Session } from '../connection/session.ts'

/** As long as a walsender may be silent: far more than a server takes for what it is asked while changes are read. */
export const answerTimeoutMsDefault = 60_000

/**
 * Gives up a connection on which an answer is overdue. Where the other side has vanished without a word, as behind a
 * firewall that forgets connections, TCP alone would wait for a quarter of an hour.
 *
 * @throws POSTGRES_CONNECTION_LOST when the time is over, and whatever `work` throws.
 */
export async function answeredInTime<Result>(
  session: Session,
  work: () => Promise<Result>,
  timeoutMs = answerTimeoutMsDefault,
): Promise<Result> {
  let isOverdue = false
  const timer = setTimeout(() => {
    isOverdue = true
    void session.abandon()
  }, timeoutMs)
  try {
    return await work()
  } catch (error) {
    if (!isOverdue) throw error
    throw new EclusaError('POSTGRES_CONNECTION_LOST', {
      message: `The server has not answered for ${timeoutMs} ms.`,
      details: { timeoutMs },
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}
