import { EclusaError } from '@eclusa/sdk'
import type { XminState } from '../checkpoint-state.ts'
import { isSameServer } from '../connection/server-facts.ts'
import type { ServerIdentity } from '../connection/server-facts.ts'
import type { ExportedSnapshot } from '../copy/exported-snapshot.ts'
import { xidDistanceMax } from '../transaction-ids.ts'

export interface Present {
  /** Key of the stream, for messages. */
  readonly key: string
  readonly snapshot: Pick<ExportedSnapshot, 'xmin' | 'xmax'>
  readonly identity: ServerIdentity
}

/**
 * Makes sure that the transaction ids of a checkpoint can be compared with those of the present.
 *
 * @throws POSTGRES_SOURCE_REPLACED when they are of another server, or of a state that this one has gone back behind.
 *   POSTGRES_CHECKPOINT_UNUSABLE when they are so old that ids of 32 bits no longer order them.
 */
export function assertComparable(state: XminState, { key, snapshot, identity }: Present): void {
  const details = { stream: key }
  if (!isSameServer(state.source, identity)) {
    throw new EclusaError('POSTGRES_SOURCE_REPLACED', {
      message: `The checkpoint of ${key} is of another server, database or timeline: its transaction ids mean nothing here.`,
      details,
    })
  }
  if (snapshot.xmin < BigInt(state.horizon)) {
    throw new EclusaError('POSTGRES_SOURCE_REPLACED', {
      message: `The server is behind the checkpoint of ${key}: it was restored, or it is a standby that lags.`,
      remedy:
        'Read always from one server. After a restore, read the stream from the start: run with a full refresh of it.',
      details,
    })
  }
  if (snapshot.xmax - BigInt(state.horizon) >= xidDistanceMax) {
    throw new EclusaError('POSTGRES_CHECKPOINT_UNUSABLE', {
      message: `The checkpoint of ${key} is ${xidDistanceMax} transactions old or older: their ids can no longer be ordered.`,
      details,
    })
  }
}
