import type { Checkpoint, Commit, ConfiguredStream, ErrorCode, StreamName } from '@eclusa/sdk'
import type { AppendMethod } from '../chunk/table-appender.ts'
import type { AcceptedBatch } from '../store/load.ts'

/** What the session asks of the thread that holds the database; one after the other, in order. */
export type WorkerCall =
  | { readonly call: 'open'; readonly options: WorkerOptions }
  | { readonly call: 'start'; readonly stream: StreamName; readonly resumed: boolean }
  | { readonly call: 'restart'; readonly stream: StreamName }
  | { readonly call: 'append'; readonly batch: AcceptedBatch; readonly buffers: readonly ArrayBuffer[] }
  | { readonly call: 'complete'; readonly stream: StreamName }
  | { readonly call: 'commit'; readonly checkpoints: readonly Checkpoint[] }
  | { readonly call: 'close' }

export interface WorkerOptions {
  readonly path: string
  readonly threads: number | undefined
  readonly memoryLimit: string | undefined
  readonly temporaryDirectory: string | undefined
  readonly schemaOverride: string | undefined
  /** `auto`: raw when the self-test passes. */
  readonly appendMethod: AppendMethod | 'auto'
  readonly pipeline: string
  readonly runId: string
  readonly streams: readonly ConfiguredStream[]
}

export interface OpenAnswer {
  readonly checkpoints: readonly Checkpoint[]
  readonly missing: readonly StreamName[]
  readonly notes: readonly string[]
}

export interface AppendAnswer {
  readonly notes: readonly string[]
  /** The buffers of the batch, no longer needed. */
  readonly buffers: ArrayBuffer[]
}

/** The answer to each call. */
export interface WorkerAnswers {
  readonly open: OpenAnswer
  readonly start: readonly string[]
  readonly restart: readonly string[]
  readonly append: AppendAnswer
  readonly complete: undefined
  readonly commit: Commit
  readonly close: undefined
}

/** An error as plain data: an EclusaError would lose its code on the way between threads. */
export interface ErrorData {
  readonly code: ErrorCode
  readonly message: string
  readonly remedy: string
  readonly details: Readonly<Record<string, unknown>>
  readonly stack: string | undefined
}

/** `interrupt` jumps the queue: it stops what is running, and everything after it fails. */
export type ToWorker = { readonly id: number; readonly request: WorkerCall } | { readonly interrupt: true }

export type FromWorker =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ErrorData }
