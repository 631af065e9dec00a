/*
 * The limit of (c): DuckDB copies a table from one file into an empty one of another, and commits.
 * Arguments: file with the rows, table, new file.
 */
import { rm } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { measure, report } from '../measurement.ts'

const [from, table, to] = process.argv.slice(2) as [string, string, string]
for (const name of [to, `${to}.wal`]) await rm(name, { force: true })
const instance = await DuckDBInstance.create(to)
const connection = await instance.connect()
await connection.run(`attach '${from.replaceAll("'", "''")}' as old (read_only)`)
const { value } = (await connection.runAndReadAll(`select count(*) as value from old.${table}`)).getRowObjects()[0] as {
  value: bigint
}
await connection.run(`create table copied as select * from old.${table} limit 0`)
report(
  await measure(async () => {
    await connection.run(`insert into copied select * from old.${table}`)
    return Number(value)
  }),
)
connection.closeSync()
instance.closeSync()
