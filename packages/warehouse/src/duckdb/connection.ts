import { EclusaError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'

export interface OpenDuckDbOptions {
  /** File to open or create, or `:memory:`. */
  readonly path: string
  /** Several processes may read a file that nobody writes. Default: false. */
  readonly readOnly?: boolean
  /** Default: one per core. */
  readonly threads?: number
  /** As DuckDB writes it: `2GB`. Default: DuckDB's own, 80 % of the memory. */
  readonly memoryLimit?: string
  /** Where DuckDB spills to. Default: `<path>.tmp`. */
  readonly temporaryDirectory?: string
  /** Interrupts what runs and closes every session. */
  readonly signal?: AbortSignal
}

/** Opens a DuckDB database in this process: one instance, as many sessions as are asked for. */
export function openDuckDb(_options: OpenDuckDbOptions): Promise<Warehouse> {
  throw new EclusaError('INTERNAL', { message: 'openDuckDb is being written.' })
}
