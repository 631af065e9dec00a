import { hasErrorCode } from '@eclusa/sdk'
import type { SnowflakeConnection } from '@eclusa/warehouse'

/** Sessions tried for one file before its upload is given up. */
const sessionsPerUploadMax = 3

export interface UploadPoolOptions {
  readonly connect: () => Promise<SnowflakeConnection>
  readonly uploadsMax: number
  readonly signal: AbortSignal
}

/**
 * Sessions that put files, each one at a time: the driver sends the files of one PUT one after the other, and statements
 * of a session wait for its puts. Opened when they are needed, kept for the next file.
 */
export class UploadPool implements AsyncDisposable {
  readonly #options: UploadPoolOptions
  readonly #idle: SnowflakeConnection[] = []
  readonly #under = new Set<Promise<unknown>>()

  constructor(options: UploadPoolOptions) {
    this.#options = options
  }

  /** Resolves when a file that comes now would be put at once. */
  async room(): Promise<void> {
    while (this.#under.size >= this.#options.uploadsMax) await Promise.race(this.#under)
  }

  /**
   * Puts a file under its own name.
   *
   * @throws as `SnowflakeConnection.put`
   */
  upload(path: string, location: string): Promise<void> {
    return this.run(async (connection) => {
      await connection.put([path], location, { concurrency: 1, signal: this.#options.signal })
    })
  }

  /** Does the work in an idle session, and once more in a new one when the session has ended. */
  run<Result>(work: (connection: SnowflakeConnection) => Promise<Result>): Promise<Result> {
    const result = this.#runInSessions(work)
    const ended: Promise<unknown> = result.then(
      () => this.#under.delete(ended),
      () => this.#under.delete(ended),
    )
    this.#under.add(ended)
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#under.size > 0) await Promise.race(this.#under)
    await Promise.all(this.#idle.splice(0).map((connection) => connection[Symbol.asyncDispose]()))
  }

  async #runInSessions<Result>(work: (connection: SnowflakeConnection) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      this.#options.signal.throwIfAborted()
      const connection = this.#idle.pop() ?? (await this.#options.connect())
      try {
        const result = await work(connection)
        this.#idle.push(connection)
        return result
      } catch (error) {
        // What failed in a session may have left it in any state.
        await connection[Symbol.asyncDispose]()
        if (tries === sessionsPerUploadMax || !hasErrorCode(error, 'WAREHOUSE_CONNECTION_LOST')) throw error
      }
    }
  }
}
