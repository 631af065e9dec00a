export { postgresConfigSchema } from './config.ts'
export type { PostgresConfig } from './config.ts'
export { postgres } from './source.ts'
