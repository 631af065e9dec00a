import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'

/*
 * The driver (snowflake-sdk 3.3) has loops without an end - it sends a file again and again with a token that has expired,
 * and sleeps milliseconds where it means seconds - and gives no way to stop what it has begun. But it runs in our process
 * and speaks by node:http, which tells of every request as it is made, in the asynchronous context of the call that it
 * is made for. So the requests of one call are known, and ending them ends the loop that makes them.
 */

export interface WatchOptions {
  /** Ends the call when aborted. */
  readonly signal?: AbortSignal | undefined
  /** The call is ended after this long without a byte moved. */
  readonly stallMs: number
  /** The call is ended at this many requests plus one. Default: no limit. */
  readonly requestsMax?: number
  /** Bytes that count as movement: `received` only, or those sent as well (`both`), as for uploads. Default: `received`. */
  readonly counts?: 'received' | 'both'
}

/** Why a call was ended that was not aborted. */
export class RequestsEndedError extends Error {
  override readonly name = 'RequestsEndedError'
}

const watches = new AsyncLocalStorage<RequestWatch>()
let isSubscribed = false

/**
 * Runs a call of the driver and ends its HTTP requests, those under way and all later ones, when it makes no progress or
 * is aborted. The outcome of the call itself is not waited for then.
 *
 * @throws RequestsEndedError when it was ended for want of progress, or for too many requests; the signal's reason.
 */
export async function watchRequests<Result>(call: () => Promise<Result>, options: WatchOptions): Promise<Result> {
  options.signal?.throwIfAborted()
  if (!isSubscribed) {
    isSubscribed = true
    subscribe('http.client.request.created', (message) => {
      watches.getStore()?.add((message as { readonly request: ClientRequest }).request)
    })
  }
  const watch = new RequestWatch(options)
  try {
    return await watches.run(watch, () => Promise.race([call(), watch.ended]))
  } finally {
    watch.close()
  }
}

/** A tenth of it, so that a process that was busy for long counts one look and no stall. */
const looksPerStall = 10

class RequestWatch {
  /** Rejects when the call is to end; never resolves. */
  readonly ended: Promise<never>
  readonly #options: WatchOptions
  /** Requests under way, with the bytes of their sockets when they were last looked at. */
  readonly #open = new Map<ClientRequest, number>()
  readonly #look: NodeJS.Timeout
  readonly #onAbort = () => this.#end(this.#options.signal?.reason as Error)
  #reject: (reason: Error) => void = () => {}
  #requests = 0
  #hasMoved = false
  #looksWithoutMove = 0
  #reason: Error | undefined

  constructor(options: WatchOptions) {
    this.#options = options
    this.ended = new Promise<never>((_, reject) => {
      this.#reject = reject
    })
    // The call may end first, and nobody listens then.
    this.ended.catch(() => {})
    options.signal?.addEventListener('abort', this.#onAbort)
    this.#look = setInterval(() => this.#lookForMoves(), Math.ceil(options.stallMs / looksPerStall))
  }

  add(request: ClientRequest): void {
    this.#requests += 1
    if (this.#requests > (this.#options.requestsMax ?? Infinity)) {
      this.#end(new RequestsEndedError(`The driver sent more than ${this.#options.requestsMax} requests for it`))
    }
    if (this.#reason !== undefined) {
      request.destroy(this.#reason)
      return
    }
    this.#open.set(request, 0)
    request.once('socket', () => this.#open.has(request) && this.#open.set(request, this.#bytesOf(request)))
    request.once('response', () => {
      this.#hasMoved = true
    })
    request.once('close', () => this.#open.delete(request))
  }

  close(): void {
    clearInterval(this.#look)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }

  #lookForMoves(): void {
    for (const [request, before] of this.#open) {
      const bytes = this.#bytesOf(request)
      if (bytes > before) this.#hasMoved = true
      this.#open.set(request, bytes)
    }
    this.#looksWithoutMove = this.#hasMoved ? 0 : this.#looksWithoutMove + 1
    this.#hasMoved = false
    if (this.#looksWithoutMove < looksPerStall) return
    this.#end(new RequestsEndedError(`Nothing moved for ${this.#options.stallMs / 1000} s`))
  }

  #bytesOf({ socket }: ClientRequest): number {
    // No socket yet, whatever the types say.
    if (socket === null || socket === undefined) return 0
    return socket.bytesRead + (this.#options.counts === 'both' ? socket.bytesWritten : 0)
  }

  #end(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.close()
    for (const request of this.#open.keys()) request.destroy(reason)
    this.#reject(reason)
  }
}
