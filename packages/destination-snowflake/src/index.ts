export { snowflake } from './destination.ts'
export { createParquetFile } from './parquet/parquet-file.ts'
export type { ParquetFile } from './parquet/parquet-file.ts'
export { stagedBatch } from './parquet/staged-batch.ts'
