import { EclusaError, streamKey } from '@eclusa/sdk'
import type {
  Checkpoint,
  ConfiguredDestination,
  DestinationSession,
  JsonObject,
  StoredProgress,
  StreamName,
  Warehouse,
} from '@eclusa/sdk'

/**
 * A destination in memory with real transactions: what is not committed is gone when the session is disposed. With
 * `unheld` there is one value in each batch that it cannot hold.
 */
export function memory({ unheld = false } = {}): ConfiguredDestination & {
  rows(name: string): bigint[]
  drop(name: string): void
  damage(stream: StreamName, state?: JsonObject): void
  /** What was committed under the stream's key. */
  state(key: string): JsonObject | undefined
  commits: number
} {
  let durable = {
    tables: new Map<string, bigint[]>(),
    loading: new Map<string, bigint[]>(),
    checkpoints: new Map<string, Checkpoint>(),
    damaged: new Map<string, StreamName>(),
  }
  let isOpen = false
  let lent = 0
  const lend = (): Warehouse => {
    lent += 1
    return {
      type: 'duckdb',
      database: 'lent',
      connect: () => Promise.reject(new Error('unused')),
      [Symbol.asyncDispose]: async () => {
        lent -= 1
      },
    }
  }
  const destination = {
    name: 'memory',
    version: '1',
    secrets: [],
    syncModes: ['overwrite', 'append', 'append_dedup'] as const,
    delivery: 'exactly_once' as const,
    appliesChanges: true,
    commits: 0,
    check: async () => ({ findings: [] }),
    plan: async () => [],
    rows: (name: string) => durable.tables.get(name) ?? [],
    state: (key: string) => durable.checkpoints.get(key)?.state,
    drop: (name: string) => void durable.tables.delete(name),
    damage: (stream: StreamName, state?: JsonObject) => {
      if (state === undefined) durable.checkpoints.delete(streamKey(stream))
      else durable.checkpoints.set(streamKey(stream), { stream, state })
      if (state === undefined) durable.damaged.set(streamKey(stream), stream)
    },
    async open({ catalog }: Parameters<ConfiguredDestination['open']>[0]): Promise<DestinationSession> {
      if (isOpen) throw new Error('opened twice')
      isOpen = true
      const draft = structuredClone(durable)
      const missing = catalog.streams
        .map(({ stream }) => stream)
        .filter(({ name }) => !durable.tables.has(name) && !durable.loading.has(name))
      let accepted: StreamName[] = []
      const swapIn = (name: string) => {
        const loading = draft.loading.get(name)
        if (loading !== undefined) draft.tables.set(name, loading)
        draft.loading.delete(name)
      }
      return {
        checkpoints: [...durable.checkpoints.values()].filter(
          ({ stream }) => !missing.some(({ name }) => name === stream.name),
        ),
        missing,
        damaged: [...durable.damaged.values()],
        startStream: async ({ name }, { resumed }) => {
          if (!resumed) draft.loading.set(name, [])
        },
        restartStream: async ({ name }) => void draft.loading.set(name, []),
        write: async (batch) => {
          const loading = draft.loading.get(batch.stream.name) ?? draft.tables.get(batch.stream.name)
          if (loading === undefined) throw new Error('written before it started')
          accepted.push(batch.stream)
          for (let row = 0; row < batch.records.numRows; row++)
            loading.push(batch.records.getChildAt(0)!.get(row) as bigint)
        },
        copiedStream: async ({ name }) => swapIn(name),
        truncateStream: async ({ name }) => void draft.tables.set(name, []),
        completeStream: async ({ name }) => swapIn(name),
        commit: async (checkpoints) => {
          for (const checkpoint of checkpoints) {
            draft.checkpoints.set(streamKey(checkpoint.stream), checkpoint)
            draft.damaged.delete(streamKey(checkpoint.stream))
          }
          durable = structuredClone(draft)
          destination.commits += 1
          const unrepresentable = unheld ? accepted.map((stream) => ({ stream, values: 1 })) : []
          accepted = []
          return { sequence: destination.commits, rows: 0, bytes: 0, durationMs: 0, unrepresentable }
        },
        openWarehouse: async () => lend(),
        [Symbol.asyncDispose]: async () => {
          if (lent > 0) throw new Error('closed before what was lent had come back')
          isOpen = false
        },
      }
    },
    progress: async (): Promise<StoredProgress> => ({
      checkpoints: [...durable.checkpoints.values()],
      streams: [...durable.tables.keys()].map((name) => ({ stream: { name }, table: `main.${name}` })),
    }),
    forgetCheckpoints: async ({ streams }: { readonly streams: readonly StreamName[] }) => {
      if (isOpen) throw new EclusaError('DESTINATION_BUSY', { message: 'A run goes on.' })
      for (const stream of streams) durable.checkpoints.delete(streamKey(stream))
    },
  }
  return destination
}
