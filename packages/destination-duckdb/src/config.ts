import { z } from 'zod'

/** The configuration of the DuckDB destination. */
export const duckdbConfigSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .refine((path) => path !== ':memory:', 'a database in memory would be gone when the run ends')
    .default('./warehouse.duckdb')
    // Whoever reads a configuration from a file takes it as relative to that file.
    .meta({ path: true })
    .describe('The DuckDB file; it and its directory are created where they are missing. Default: ./warehouse.duckdb'),
  schema: z
    .string()
    .min(1)
    .optional()
    .describe('Put all tables into this schema. Default: the schema that each stream names as its target, or main'),
  threads: z.int().min(1).optional().describe('Threads that DuckDB may use. Default: one for each core'),
  memory_limit: z
    .string()
    .regex(/^\d+(\.\d+)?\s*([KMGT]i?B|%)$/i, 'write a number and a unit: 512MB, 4GiB, 50%')
    .refine((limit) => !limit.endsWith('%') || isPart(Number.parseFloat(limit)), 'write a percentage up to 100%')
    .optional()
    .describe(
      "Memory that DuckDB may use before it spills to disk: 512MB, 4GiB, or 50% of the machine's or the container's. Default: DuckDB's own, 80 % of all",
    ),
  temp_directory: z
    .string()
    .min(1)
    .optional()
    .meta({ path: true })
    .describe('Where DuckDB spills to. Default: beside the file, with .tmp at the end'),
  append_method: z
    .enum(['auto', 'raw', 'values'])
    .default('auto')
    .describe('How rows are handed to DuckDB: auto takes the fast way (raw) if it passes a self-test, else values'),
  cdc_deletion_mode: z
    .enum(['hard_delete', 'soft_delete', 'Hard delete', 'Soft delete'])
    .default('hard_delete')
    .describe(
      'What becomes of rows that are deleted in a replicated table: hard_delete removes them, soft_delete keeps them and sets _ab_cdc_deleted_at',
    ),
})

export type DuckDbConfig = z.output<typeof duckdbConfigSchema>

function isPart(percent: number): boolean {
  return percent > 0 && percent <= 100
}
