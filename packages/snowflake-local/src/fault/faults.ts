/** Where a request belongs; a fault meets the requests of one area. */
export type RequestArea = 'login' | 'session' | 'query' | 'result' | 'chunk' | 'stage'

/**
 * - `unavailable`: HTTP 503; `too-many-requests`: HTTP 429. Nothing is done.
 * - `session-expired`: 390112, which drivers answer by renewing their token and sending the request again.
 * - `stage-token-expired`: HTTP 401 of the stage.
 * - `slow`: the request waits `delayMs` before it is handled.
 * - `connection-cut`: nothing is done and the connection is closed; uploads and downloads are cut half-way.
 * - `answer-lost`: the request is carried out, with all its effects, and the connection is closed before the answer.
 */
export const faultKinds = [
  'unavailable',
  'too-many-requests',
  'session-expired',
  'stage-token-expired',
  'slow',
  'connection-cut',
  'answer-lost',
] as const

export type FaultKind = (typeof faultKinds)[number]

export const requestAreas = ['login', 'session', 'query', 'result', 'chunk', 'stage'] as const satisfies RequestArea[]

export interface Fault {
  readonly kind: FaultKind
  /** Requests it meets before it is over. 1 by default. */
  readonly times?: number
  /** Requests that pass before it begins. None by default. */
  readonly after?: number
  /** `stage` for `stage-token-expired`, else `query`, unless named. */
  readonly at?: RequestArea
  /** Meets only requests with a statement of this pattern (a text is one too, whatever the case). Of `query` alone. */
  readonly statement?: string | RegExp
  /** Of `slow`: 1,000 by default. */
  readonly delayMs?: number
}

/** A fault as it stands: what is left of it, and how many requests it has met. */
export interface FaultState {
  readonly kind: FaultKind
  readonly at: RequestArea
  readonly timesLeft: number
  readonly hits: number
}

interface Entry {
  readonly kind: FaultKind
  readonly at: RequestArea
  readonly statement: RegExp | undefined
  readonly delayMs: number
  after: number
  timesLeft: number
  hits: number
}

const delayDefaultMs = 1000

/** What is to go wrong next, in the order in which it was asked for. */
export class Faults {
  readonly #entries: Entry[] = []

  inject(fault: Fault): void {
    this.#entries.push({
      kind: fault.kind,
      at: fault.at ?? (fault.kind === 'stage-token-expired' ? 'stage' : 'query'),
      statement: fault.statement === undefined ? undefined : new RegExp(fault.statement, 'i'),
      delayMs: fault.delayMs ?? delayDefaultMs,
      after: fault.after ?? 0,
      timesLeft: fault.times ?? 1,
      hits: 0,
    })
  }

  clear(): void {
    this.#entries.length = 0
  }

  list(): readonly FaultState[] {
    return this.#entries.map(({ kind, at, timesLeft, hits }) => ({ kind, at, timesLeft, hits }))
  }

  /** The fault that meets this request, now counted; a request meets one at most. */
  take(request: {
    readonly area: RequestArea
    readonly sqlText?: string | undefined
  }): { readonly kind: FaultKind; readonly delayMs: number } | undefined {
    for (const entry of this.#entries) {
      if (entry.timesLeft === 0 || entry.at !== request.area) continue
      if (entry.statement !== undefined && !entry.statement.test(request.sqlText ?? '')) continue
      if (entry.after > 0) {
        entry.after -= 1
        continue
      }
      entry.timesLeft -= 1
      entry.hits += 1
      return { kind: entry.kind, delayMs: entry.delayMs }
    }
    return undefined
  }
}
