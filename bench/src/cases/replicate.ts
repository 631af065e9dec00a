/* (g) A replicated schema into a DuckDB file, once: first its copy, later what has changed. Arguments: url, schema, file. */
import { duckdb } from '@eclusa/destination-duckdb'
import { definePipeline } from '@eclusa/pipeline'
import { postgres } from '@eclusa/source-postgres'
import { replicatedConfig } from '../connection-config.ts'
import { measure, report } from '../measurement.ts'

const [url, schema, file] = process.argv.slice(2) as [string, string, string]
const names = { slot: `bench_${schema}`, publication: `bench_${schema}` }
const pipeline = definePipeline({
  source: postgres(replicatedConfig(url, schema, names)),
  destination: duckdb({ path: file }),
  streams: [`${schema}.*`],
})
report(
  await measure(async () => {
    const { status, rows, error } = await pipeline.run().result
    if (status !== 'succeeded') throw error ?? new Error(`the run ended as ${status}`)
    return rows
  }),
)
