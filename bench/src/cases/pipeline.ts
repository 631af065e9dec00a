/* (b) A whole pipeline: PostgreSQL into a DuckDB file. Arguments: url, schema, file, tables. */
import { rm } from 'node:fs/promises'
import { duckdb } from '@eclusa/destination-duckdb'
import { definePipeline } from '@eclusa/pipeline'
import { postgres } from '@eclusa/source-postgres'
import { sourceConfig } from '../connection-config.ts'
import { measure, report } from '../measurement.ts'

const [url, schema, file, ...tables] = process.argv.slice(2) as [string, string, string, ...string[]]
for (const name of [file, `${file}.wal`]) await rm(name, { force: true })
const pipeline = definePipeline({
  source: postgres(sourceConfig(url, [schema])),
  destination: duckdb({ path: file }),
  streams: tables.map((table) => `${schema}.${table}`),
})
report(
  await measure(async () => {
    const { status, rows, error } = await pipeline.run().result
    if (status !== 'succeeded') throw error ?? new Error(`the run ended as ${status}`)
    return rows
  }),
)
