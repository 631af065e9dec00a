import { errorData, errorFromData } from '../src/thread/error-data.ts'
import { CallHandler } from '../src/thread/call-handler.ts'
import type { DatabaseThread } from '../src/thread/call-handler.ts'
import type { WorkerAnswers, WorkerCall } from '../src/thread/message.ts'

/** The database in the thread of the test, which spares each session the start of a thread. */
export class SameThread implements DatabaseThread {
  readonly #handler = new CallHandler()
  #last: Promise<unknown> = Promise.resolve()

  call<Call extends WorkerCall>(request: Call): Promise<WorkerAnswers[Call['call']]> {
    const answer = this.#last.then(async () => {
      try {
        return await this.#handler.handle(request)
      } catch (error) {
        throw errorFromData(errorData(error))
      }
    })
    this.#last = answer.catch(() => {})
    return answer as Promise<WorkerAnswers[Call['call']]>
  }

  interrupt(): void {
    this.#handler.interrupt()
  }

  async close(): Promise<void> {
    await this.call({ call: 'close' })
  }
}
