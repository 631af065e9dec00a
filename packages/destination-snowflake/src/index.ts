export { createParquetFile } from './parquet/parquet-file.ts'
export type { ParquetFile } from './parquet/parquet-file.ts'
export { stagedColumnOf } from './parquet/staged-column.ts'
