import type { duckdb } from '@eclusa/destination-duckdb'
import type { snowflake } from '@eclusa/destination-snowflake'
import type { postgres } from '@eclusa/source-postgres'
import type { ProjectInput } from './config/project-schema.ts'
import type { SalesDemoConfig } from './sales-demo-source.ts'
import type { TransformConfig } from './transform-step.ts'

/** The shape of eclusa.yaml, for `eclusa.config.ts`. Secrets are references here too: `'${env:PGPASSWORD}'`. */
export interface ProjectConfig extends Omit<ProjectInput, 'source' | 'destination' | 'steps'> {
  readonly source:
    | ({ readonly connector: 'postgres' } & Parameters<typeof postgres>[0])
    | ({ readonly connector: 'sales_demo' } & SalesDemoConfig)
  readonly destination:
    | ({ readonly connector: 'duckdb' } & Parameters<typeof duckdb>[0])
    | ({ readonly connector: 'snowflake' } & Parameters<typeof snowflake>[0])
  readonly steps?: readonly { readonly transform: TransformConfig }[]
}

/**
 * Gives a configuration its types. It is checked when a command reads it, with every fault at once.
 *
 * @example
 * // eclusa.config.ts
 * import { defineConfig } from 'eclusa'
 *
 * export default defineConfig({
 *   version: 1,
 *   name: 'sales',
 *   source: { connector: 'postgres', host: 'db', database: 'sales', username: 'reader', password: '${env:PGPASSWORD}' },
 *   destination: { connector: 'duckdb', path: './warehouse.duckdb' },
 *   streams: ['sales.*'],
 * })
 */
export function defineConfig(config: ProjectConfig): ProjectConfig {
  return config
}
