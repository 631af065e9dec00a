import type { Checkpoint, StreamName } from '@eclusa/sdk'
import type { RelationName } from '../relation.ts'
import type { LogPosition } from './log-position.ts'

/** What the ledger knows of one stream. */
export interface StreamRecord {
  readonly stream: StreamName
  readonly table: RelationName
  /** The refresh whose rows are visible; 0 before the first one is complete. */
  readonly generationId: number
  /** The refresh that is being loaded beside the table; undefined when there is none. */
  readonly loadingGenerationId: number | undefined
  /** The commit with which the stream was complete last: rows of later commits belong to an unfinished read. */
  readonly completedSequence: number
  /** True when rows were appended without looking at keys: a change to `append_dedup` has to look at all of them once. */
  readonly mayRepeatKeys: boolean
  /** The key by which rows are merged, those of the refresh where there is one. Undefined: they are not, or nobody noted it. */
  readonly mergeKey: readonly string[] | undefined
}

export interface CommitRecord {
  readonly pipeline: string
  readonly sequence: number
  readonly runId: string
  readonly rows: number
  readonly bytes: number
  readonly unrepresentable: number
  readonly streams: readonly {
    readonly stream: StreamName
    readonly rows: number
    /** The last change that is applied; undefined when there is none since the stream was loaded. */
    readonly applied: LogPosition | undefined
  }[]
}

export interface StoredCheckpoints {
  readonly checkpoints: readonly Checkpoint[]
  /** Streams whose checkpoint is no longer what was stored. */
  readonly damaged: readonly StreamName[]
}
