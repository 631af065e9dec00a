import { totalmem } from 'node:os'
import type { DuckDbConfig } from './config.ts'

/** What this process may have: the machine's memory, or what its container (its cgroup) is left of it. */
export function availableMemoryBytes(constrainedBytes = process.constrainedMemory()): number {
  // 0 where the system does not tell, and more than there is where nothing is constrained.
  return constrainedBytes > 0 ? Math.min(constrainedBytes, totalmem()) : totalmem()
}

/** The configured limit as DuckDB (1.5.6) takes it: it knows no percentages. Undefined: its own. */
export function memoryLimitOf(
  { memory_limit: limit }: Pick<DuckDbConfig, 'memory_limit'>,
  availableBytes = availableMemoryBytes(),
): string | undefined {
  if (limit === undefined || !limit.endsWith('%')) return limit
  return `${Math.floor((availableBytes * Number.parseFloat(limit)) / 100)} bytes`
}

/** What the configuration says DuckDB may use, as it is opened with. */
export function limitsOf(config: DuckDbConfig) {
  const memoryLimit = memoryLimitOf(config)
  return {
    ...(config.threads === undefined ? {} : { threads: config.threads }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(config.temp_directory === undefined ? {} : { temporaryDirectory: config.temp_directory }),
  }
}
