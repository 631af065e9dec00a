import type { Session } from '../connection/session.ts'

/** An ordinary session beside the walsender, opened when it is first needed, and anew after it was lost. */
export class ControlSession implements AsyncDisposable {
  readonly #open: () => Promise<Session>
  #session: Session | undefined

  constructor(open: () => Promise<Session>) {
    this.#open = open
  }

  async use<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const session = (this.#session ??= await this.#open())
    try {
      return await work(session)
    } catch (error) {
      // Whatever failed, the next one has a session whose state is known.
      await this[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.close()
  }
}
