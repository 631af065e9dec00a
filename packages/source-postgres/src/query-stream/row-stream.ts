import type { Duplex } from 'node:stream'
import type { Connection } from 'pg'
import QueryStream from 'pg-query-stream'
import { gatherHugeMessages } from './huge-message.ts'

/** A row as PostgreSQL prints it, one text per column. */
export type TextRow = (string | null)[]

export interface RowStreamOptions {
  readonly sql: string
  readonly parameters: readonly (string | null)[]
  /** Characters of rows after which they are handed over, and the server made to wait. */
  readonly charactersMax: number
}

/** What pg-query-stream 4.17 keeps of the cursor that it submits, and does not declare. */
interface SubmittedCursor {
  readonly state: string
  read(rows: number, done: (error?: Error | null) => void): void
}

/** Enough to hide the round trips. */
const fetchRows = 1000

/**
 * A query's rows as runs of rows. Of what it fetches, pg-query-stream hands over nothing before it has everything, and
 * how large the rows of a fetch are nobody knows beforehand. Here rows leave as they come, and the socket stands still
 * while a full run is worked off: a huge row is in memory alone, however many are fetched.
 */
export class RowStream extends QueryStream {
  readonly #charactersMax: number
  #run: TextRow[] = []
  #characters = 0
  #isFetching = false
  #socket: Duplex | undefined
  #stopGathering = () => {}

  constructor({ sql, parameters, charactersMax }: RowStreamOptions) {
    // One run waits while another is received.
    super(sql, [...parameters], { highWaterMark: 1, rowMode: 'array' })
    this.#charactersMax = charactersMax
    this.handleDataRow = (message: { readonly fields: TextRow }) => this.#receive(message.fields)
  }

  /** Receives again, after a full run was worked off. */
  goOn(): void {
    this.#socket?.resume()
  }

  /** Called by pg when the connection is idle and the query's turn has come. */
  override submit(connection: Connection): void {
    this.#socket = (connection as unknown as { readonly stream: Duplex }).stream
    this.#stopGathering = gatherHugeMessages(this.#socket)
    super.submit(connection)
  }

  override _read(): void {
    if (this.#isFetching) return
    this.#isFetching = true
    this.#submitted.read(fetchRows, (error) => {
      this.#isFetching = false
      if (error) {
        this.destroy(error)
        return
      }
      const isComplete = this.#submitted.state === 'done'
      if (!this.#handOver() && !isComplete) this._read()
      if (isComplete) this.push(null)
    })
  }

  /** Whoever ends early closes the connection: that the server is ready again is not waited for, and may never come. */
  override _destroy(error: Error, callback: (error?: Error | null) => void): void {
    this.#stopGathering()
    this.handleDataRow = () => {}
    this.#run = []
    callback(error)
  }

  get #submitted(): SubmittedCursor {
    return this.cursor as SubmittedCursor
  }

  #receive(row: TextRow): void {
    this.#run.push(row)
    for (const text of row) this.#characters += text === null ? 0 : text.length
    if (this.#characters < this.#charactersMax) return
    this.#socket?.pause()
    this.#handOver()
  }

  /** True when there were rows to hand over. */
  #handOver(): boolean {
    if (this.#run.length === 0) return false
    const run = this.#run
    this.#run = []
    this.#characters = 0
    this.push(run)
    return true
  }
}
