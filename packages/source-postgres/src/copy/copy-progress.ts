import type { CopyState, StreamState } from '../checkpoint-state.ts'
import type { ServerIdentity } from '../connection/server-facts.ts'
import type { SourceStream } from '../source-stream.ts'
import { formatXids, parseXids, widenXid, xidsMax } from '../transaction-ids.ts'
import { chunksDone, planChunks } from './copy-chunk.ts'
import type { CopyChunk } from './copy-chunk.ts'
import type { CopyPart } from './copy-part.ts'
import type { ExportedSnapshot } from './exported-snapshot.ts'
import { followedState, isLaterSnapshot } from './replicated-copy.ts'
import type { ReplicatedCopy } from './replicated-copy.ts'

type PartProgress = CopyState['parts'][number]

export interface CopyProgressOptions {
  readonly stream: SourceStream
  readonly parts: readonly CopyPart[]
  readonly snapshot: ExportedSnapshot
  readonly identity: ServerIdentity
  /**
   * What an earlier run copied, proved to be what this snapshot shows; or, where `replication` has an earlier `from`, to be
   * brought up to it.
   */
  readonly earlier?: CopyState
  /** Of a stream whose changes come from the log. */
  readonly replication?: ReplicatedCopy
}

/**
 * How far the copy of one stream is. Chunks of a part are copied in order and counted when the wave they belong to is
 * complete, so what is done of a part is always its first pages, and the state stays small however large the table is.
 */
export class CopyProgress {
  readonly stream: SourceStream
  readonly replication: ReplicatedCopy | undefined
  readonly #options: CopyProgressOptions
  readonly #parts: Map<number, PartProgress>
  /** Transactions from the snapshot's xmin on whose rows were read. */
  readonly #recentXids: Set<bigint>
  #isProvable = true
  #chunksLeft = 0
  /** Chunks among them that bring copied pages up to this snapshot: until all are done, the earlier state stands. */
  #renewalsLeft = 0

  constructor(options: CopyProgressOptions) {
    this.stream = options.stream
    this.replication = options.replication
    this.#options = options
    this.#parts = new Map(options.earlier?.parts.map((part) => [part.oid, { ...part }]))
    const earlier = parseXids(options.earlier?.recentXids ?? '')
    this.#recentXids = new Set([...earlier].filter((xid) => xid >= options.snapshot.xmin))
  }

  get isComplete(): boolean {
    return this.#chunksLeft === 0
  }

  get rows(): number {
    return [...this.#parts.values()].reduce((sum, { rows }) => sum + rows, 0)
  }

  /** The chunks that are left to copy, in order. To be called once. */
  plan(chunkBytes: number): CopyChunk[] {
    const chunks = this.#options.parts.flatMap((part) => {
      const done = this.#parts.get(part.oid)
      return done?.pages === null ? [] : planChunks(part, { chunkBytes, pageFirst: done?.pages ?? 0 })
    })
    const renewals = this.#planRenewals(chunkBytes)
    this.#renewalsLeft = renewals.length
    this.#chunksLeft = renewals.length + chunks.length
    return [...renewals, ...chunks]
  }

  #planRenewals(chunkBytes: number): CopyChunk[] {
    const { earlier, replication, parts } = this.#options
    if (earlier === undefined || replication === undefined || !isLaterSnapshot(replication)) return []
    const since = { xmin: BigInt(earlier.snapshot.xmin), recentXids: parseXids(earlier.recentXids) }
    return parts.flatMap((part) => {
      const done = earlier.parts.find(({ oid }) => oid === part.oid)
      if (done === undefined) return []
      return chunksDone(part, { chunkBytes, pagesDone: done.pages }).map((chunk) => ({ ...chunk, since }))
    })
  }

  markDone(chunk: CopyChunk, { rows, recentXids }: { rows: number; recentXids: readonly string[] }): void {
    if (chunk.since === undefined) this.#advance(chunk, rows)
    else this.#renewalsLeft--
    const { xmin, xmax } = this.#options.snapshot
    for (const text of recentXids) {
      const xid = widenXid(text, xmin)
      // A row that seems to be from after the snapshot is one of those that are too old for their id to tell.
      if (xid < xmax) this.#recentXids.add(xid)
    }
    // Without the ids a full refresh cannot be proved and starts anew when interrupted; increments need all of them.
    if (this.#recentXids.size > xidsMax && this.stream.configured.syncMode === 'full_refresh') this.#isProvable = false
    this.#chunksLeft--
  }

  #advance({ part: { oid, filenode }, pageEnd }: CopyChunk, rows: number): void {
    const before = this.#parts.get(oid)
    const isFurther = before === undefined || (before.pages !== null && (pageEnd ?? Infinity) > before.pages)
    this.#parts.set(oid, {
      oid,
      filenode,
      pages: isFurther ? pageEnd : before.pages,
      rows: (before?.rows ?? 0) + rows,
    })
  }

  /** The checkpoint while the copy goes on. */
  state(): StreamState {
    const { snapshot, identity, stream, earlier } = this.#options
    if (this.#renewalsLeft > 0 && earlier !== undefined) return earlier
    return {
      version: 1,
      phase: 'copy',
      mode: stream.configured.syncMode,
      source: identity,
      snapshot: { xmin: String(snapshot.xmin), xmax: String(snapshot.xmax) },
      recentXids: this.#isProvable ? formatXids(this.#recentXids) : '',
      fingerprint: stream.fingerprint,
      parts: [...this.#parts.values()],
      ...(this.replication !== undefined && { replication: followedState(this.replication) }),
    }
  }

  /** The checkpoint of a complete copy from which the xmin guard goes on. */
  xminState(): StreamState {
    const { snapshot, identity, parts } = this.#options
    return {
      version: 1,
      phase: 'incremental',
      guard: 'xmin',
      source: identity,
      horizon: String(snapshot.xmin),
      deliveredXids: formatXids(this.#recentXids),
      parts: parts.map(({ oid }) => oid),
    }
  }
}
