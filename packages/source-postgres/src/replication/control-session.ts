import type { Session } from '../connection/session.ts'
import { answeredInTime } from './answer-deadline.ts'

/** An ordinary session beside the walsender, opened when it is first needed, and anew after it was lost. */
export class ControlSession implements AsyncDisposable {
  readonly #open: () => Promise<Session>
  readonly #answerTimeoutMs: number | undefined
  #session: Session | undefined

  constructor(open: () => Promise<Session>, answerTimeoutMs?: number) {
    this.#open = open
    this.#answerTimeoutMs = answerTimeoutMs
  }

  /** @throws POSTGRES_CONNECTION_LOST when the server does not answer in time, and whatever `work` throws. */
  async use<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    // Lost with the server, while nobody used it: that is no reason to fail now that the server is back.
    if (this.#session?.isBroken === true) await this[Symbol.asyncDispose]()
    const session = (this.#session ??= await this.#open())
    try {
      return await answeredInTime(session, async () => await work(session), this.#answerTimeoutMs)
    } catch (error) {
      // Whatever failed, the next one has a session whose state is known.
      if (this.#session === session) this.#session = undefined
      await session.close()
      throw error
    }
  }

  /**
   * When the walsender was lost: the way to the server may be gone for this session too, and it would be told so only after
   * another minute of silence.
   */
  async abandon(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.abandon()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.close()
  }
}
