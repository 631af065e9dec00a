import { z } from 'zod'

/** How a source reads a stream: everything, or what is new since the state. */
export const syncModeSchema = z.enum(['full_refresh', 'incremental'])
export type SyncMode = z.infer<typeof syncModeSchema>

/** What a destination makes of the records. */
export const destinationSyncModeSchema = z.enum(['append', 'overwrite', 'append_dedup', 'update', 'soft_delete'])
export type DestinationSyncMode = z.infer<typeof destinationSyncModeSchema>
