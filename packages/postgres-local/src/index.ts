export { startPostgresLocal } from './postgres-local.ts'
export type { PostgresLocal, StartPostgresLocalOptions } from './postgres-local.ts'
