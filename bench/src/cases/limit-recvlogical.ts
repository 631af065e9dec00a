/*
 * The limit: pg_recvlogical reads the same changes in binary form and throws them away. It confirms what it reads, so it is
 * given a copy of the slot. Arguments: url, slot, publication, end of the log, number of changes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { measure, report } from '../measurement.ts'

const [url, slot, publication, end, changes] = process.argv.slice(2) as [string, string, string, string, string]
const client = new pg.Client(url)
await client.connect()
const copied = `${slot}_limit`
await client.query('SELECT pg_copy_logical_replication_slot($1, $2)', [slot, copied])

async function readAway(): Promise<void> {
  const options = { proto_version: 2, publication_names: publication, binary: true, messages: true, streaming: true }
  const plugin = Object.entries(options).flatMap(([name, value]) => ['--option', `${name}=${value}`])
  const args = [`--dbname=${url}`, `--slot=${copied}`, `--endpos=${end}`, '--file=/dev/null', '--start', '--no-loop']
  const child = spawn('pg_recvlogical', [...args, ...plugin], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`pg_recvlogical ended with ${code}`)
}

const measured = await measure(async () => {
  await readAway()
  return Number(changes)
})
await client.query('SELECT pg_drop_replication_slot($1)', [copied])
await client.end()
report(measured)
