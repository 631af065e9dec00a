import type { EclusaError } from '@eclusa/sdk'
import type { GraphEntry } from '../manifest/manifest.ts'
import type { RunResult } from '../manifest/run-result.ts'

/** What a run tells while it goes on. `index` counts from 1 in order of starting; skipped nodes count too. */
export type RunEvent =
  | { readonly type: 'started'; readonly node: GraphEntry; readonly index: number; readonly total: number }
  | {
      readonly type: 'finished'
      readonly node: GraphEntry
      readonly index: number
      readonly total: number
      readonly result: RunResult
      /** Why the node failed, as far as it is more than the result's message. */
      readonly error?: EclusaError
      /** Rows that a model wrote, where the warehouse says. */
      readonly rows?: number
    }
  | {
      /** A node stands under another name and waits for its tests; `finished` follows when they have spoken. */
      readonly type: 'built aside'
      readonly node: GraphEntry
      readonly index: number
      readonly total: number
      /** Of the table or view, in the node's own schema: `orders__audit`. */
      readonly name: string
      readonly seconds: number
    }
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string }
  | {
      /** A statement of on-run-start or on-run-end has ended. */
      readonly type: 'hook'
      /** `shop.on-run-start.0` */
      readonly name: string
      readonly status: string
      readonly seconds: number
      readonly index: number
      readonly total: number
      readonly node: GraphEntry
      readonly result: RunResult
      readonly error?: EclusaError
    }

/** How a node ended. */
export interface NodeOutcome {
  readonly result: RunResult
  readonly error?: EclusaError
  readonly rows?: number
}
