export { duckdb } from './destination.ts'
