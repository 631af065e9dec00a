import type { CopyState, StreamState } from '../checkpoint-state.ts'
import type { ServerIdentity } from '../connection/server-facts.ts'
import type { SourceStream } from '../source-stream.ts'
import { formatXids, parseXids, widenXid, xidsMax } from '../transaction-ids.ts'
import { planChunks } from './copy-chunk.ts'
import type { CopyChunk } from './copy-chunk.ts'
import type { CopyPart } from './copy-part.ts'
import type { ExportedSnapshot } from './exported-snapshot.ts'

type PartProgress = CopyState['parts'][number]

export interface CopyProgressOptions {
  readonly stream: SourceStream
  readonly parts: readonly CopyPart[]
  readonly snapshot: ExportedSnapshot
  readonly identity: ServerIdentity
  /** What an earlier run copied, proved to be what this snapshot shows. */
  readonly proven?: CopyState
}

/**
 * How far the copy of one stream is. Chunks of a part are copied in order and counted when the wave they belong to is
 * complete, so what is done of a part is always its first pages, and the state stays small however large the table is.
 */
export class CopyProgress {
  readonly stream: SourceStream
  readonly #options: CopyProgressOptions
  readonly #parts: Map<number, PartProgress>
  /** Transactions from the snapshot's xmin on whose rows were read. */
  readonly #recentXids: Set<bigint>
  #isProvable = true
  #chunksLeft = 0

  constructor(options: CopyProgressOptions) {
    this.stream = options.stream
    this.#options = options
    this.#parts = new Map(options.proven?.parts.map((part) => [part.oid, { ...part }]))
    const earlier = parseXids(options.proven?.recentXids ?? '')
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
    this.#chunksLeft = chunks.length
    return chunks
  }

  markDone(chunk: CopyChunk, { rows, recentXids }: { rows: number; recentXids: readonly string[] }): void {
    const { oid, filenode } = chunk.part
    const before = this.#parts.get(oid)
    const isFurther = before === undefined || (before.pages !== null && (chunk.pageEnd ?? Infinity) > before.pages)
    this.#parts.set(oid, {
      oid,
      filenode,
      pages: isFurther ? chunk.pageEnd : before.pages,
      rows: (before?.rows ?? 0) + rows,
    })
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

  /** The checkpoint while the copy goes on. */
  state(): StreamState {
    const { snapshot, identity, stream } = this.#options
    return {
      version: 1,
      phase: 'copy',
      mode: stream.configured.syncMode,
      source: identity,
      snapshot: { xmin: String(snapshot.xmin), xmax: String(snapshot.xmax) },
      recentXids: this.#isProvable ? formatXids(this.#recentXids) : '',
      fingerprint: stream.fingerprint,
      parts: [...this.#parts.values()],
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
