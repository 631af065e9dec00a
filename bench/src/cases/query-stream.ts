/* (d) What people use today: pg-query-stream, one object per row. Arguments: url, tables. */
import pg from 'pg'
import QueryStream from 'pg-query-stream'
import { measure, report } from '../measurement.ts'

const [url, ...tables] = process.argv.slice(2) as [string, ...string[]]
const client = new pg.Client(url)
await client.connect()
report(
  await measure(async () => {
    let rows = 0
    for (const table of tables) {
      for await (const row of client.query(new QueryStream(`select * from ${table}`, [], { batchSize: 1000 }))) {
        if (row !== undefined) rows += 1
      }
    }
    return rows
  }),
)
await client.end()
