import { Worker } from 'node:worker_threads'
import { EclusaError } from '@eclusa/sdk'
import type { DatabaseThread } from './call-handler.ts'
import { errorFromData } from './error-data.ts'
import type { FromWorker, ToWorker, WorkerAnswers, WorkerCall } from './message.ts'

interface Waiting {
  resolve(answer: unknown): void
  reject(error: EclusaError): void
}

/** Beside this file: as source where this is source, as JavaScript where a build made it so. */
const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** A thread of its own for the database; this is the caller's side. */
export class WorkerThread implements DatabaseThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<void>
  #nextId = 0
  #failure: EclusaError | undefined

  constructor(url: URL = workerUrl) {
    this.#worker = new Worker(url, { name: 'eclusa-duckdb' })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', (cause) => this.#fail('The thread that writes to DuckDB failed', cause))
    this.#worker.on('messageerror', (cause) =>
      this.#fail('A message of the thread that writes to DuckDB was lost', cause),
    )
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#fail(`The thread that writes to DuckDB ended with code ${code}`)
        resolve()
      })
    })
  }

  call<Call extends WorkerCall>(
    request: Call,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<WorkerAnswers[Call['call']]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const id = this.#nextId++
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#send({ id, request }, transfer)
    return answer as Promise<WorkerAnswers[Call['call']]>
  }

  interrupt(): void {
    if (this.#failure === undefined) this.#send({ interrupt: true })
  }

  async close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.call({ call: 'close' })
    } finally {
      await this.#exited
    }
  }

  #send(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, [...transfer])
  }

  #receive(message: FromWorker): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('error' in message) waiting?.reject(errorFromData(message.error))
    else waiting?.resolve(message.answer)
  }

  #fail(what: string, cause?: unknown): void {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    this.#failure ??= new EclusaError('DESTINATION_FAILED', { message: `${what}${reason}.`, cause })
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure)
    this.#waiting.clear()
  }
}
