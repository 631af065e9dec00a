/* The limit: psql reads COPY BINARY of each table and throws it away. Arguments: url, tables. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { measure, report } from '../measurement.ts'

const [url, ...tables] = process.argv.slice(2) as [string, ...string[]]

async function readAway(table: string): Promise<void> {
  const child = spawn('psql', [url, '--no-psqlrc', '--quiet', '--command', `copy ${table} to stdout (format binary)`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`psql ended with ${code}`)
}

const client = new pg.Client(url)
await client.connect()
let rows = 0
for (const table of tables) rows += Number((await client.query(`select count(*) from ${table}`)).rows[0].count)
await client.end()
report(
  await measure(async () => {
    for (const table of tables) await readAway(table)
    return rows
  }),
)
