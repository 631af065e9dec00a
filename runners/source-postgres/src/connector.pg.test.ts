import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { DuckDBInstance } from '@duckdb/node-api'
import { testServers } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const sourceMain = path.join(import.meta.dirname, 'main.ts')
const destinationMain = path.join(import.meta.dirname, '../../destination-duckdb/src/main.ts')

interface Message {
  readonly type: string
  readonly catalog?: { readonly streams: readonly { readonly name: string; readonly namespace?: string }[] }
  readonly state?: object
}

interface Ended {
  readonly code: number | null
  readonly messages: readonly Message[]
  readonly stderr: string
}

/** Runs the source, or the source into the destination, as two processes with a pipe between them. */
async function run(sourceWords: readonly string[], destinationWords?: readonly string[]): Promise<Ended> {
  const source = spawn(process.execPath, [sourceMain, ...sourceWords], { stdio: ['ignore', 'pipe', 'pipe'] })
  if (destinationWords === undefined) return await ended(source)
  const destination = spawn(process.execPath, [destinationMain, ...destinationWords], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  source.stdout.pipe(destination.stdin)
  const [sourceErrors, result] = await Promise.all([text(source.stderr), ended(destination)])
  return { ...result, stderr: sourceErrors + result.stderr }
}

async function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)])
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { code: await code, messages: lines.map((line) => JSON.parse(line) as Message), stderr }
}

describe.each((await testServers()).slice(0, 1))(
  'the connectors as Airbyte runs them, on PostgreSQL $major',
  (server) => {
    let directory: string
    let database: TestDatabase
    let client: Client
    beforeAll(async () => {
      directory = await mkdtemp(path.join(tmpdir(), 'eclusa airbyte '))
      database = await server.createDatabase()
      client = new Client(database.connectionString)
      await client.connect()
    })
    afterAll(async () => {
      await client.end()
      await database.drop()
      await rm(directory, { recursive: true })
    })

    async function file(name: string, content: unknown): Promise<string> {
      const target = path.join(directory, name)
      await writeFile(target, JSON.stringify(content))
      return target
    }

    async function rowsOf(warehouse: string, sql: string): Promise<unknown> {
      const instance = await DuckDBInstance.create(warehouse)
      const connection = await instance.connect()
      try {
        return (await connection.runAndReadAll(sql)).getRowsJson()
      } finally {
        connection.closeSync()
        instance.closeSync()
      }
    }

    it('copy and follow a table from one process into the other, and go on from the states that came back', async () => {
      await client.query(`CREATE SCHEMA sales; CREATE TABLE sales.orders (id bigint PRIMARY KEY, amount numeric(12,2), at timestamptz,
      doc jsonb, tags text[], key uuid, raw bytea, took interval);
      INSERT INTO sales.orders VALUES (9007199254740993, 12.50, '2026-01-31 12:00:00.000001+00', '{"a":[1,null]}', '{x,NULL}',
      '00000000-0000-0000-0000-0000000000ff', '\\x00ff', '1 year 03:04:05'), (2, NULL, 'infinity', NULL, NULL, NULL, NULL, NULL)`)
      const sourceConfig = await file('source.json', {
        connection_string: database.connectionString,
        schemas: ['sales'],
        replication_method: { method: 'CDC', replication_slot: 'eclusa_airbyte', publication: 'eclusa_airbyte' },
      })
      const warehouse = path.join(directory, 'warehouse.duckdb')
      const destinationConfig = await file('destination.json', { path: warehouse })

      const checked = await run(['check', '--config', sourceConfig])
      expect(checked.messages).toMatchObject([{ type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } }])
      const discovered = await run(['discover', '--config', sourceConfig])
      const [catalog] = discovered.messages.flatMap(({ catalog: found }) => found ?? [])
      const streams = (catalog?.streams ?? []).map((stream) => ({
        stream,
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
        primary_key: [['id']],
      }))
      const catalogFile = await file('catalog.json', { streams })
      const reading = ['read', '--config', sourceConfig, '--catalog', catalogFile]
      const writing = ['write', '--config', destinationConfig, '--catalog', catalogFile]

      const first = await run(reading, writing)
      expect(first).toMatchObject({ code: 0, stderr: '' })
      const select = `SELECT id, amount, "at"::VARCHAR, doc, tags, key, raw, took, _airbyte_meta->'changes'->0->>'value' FROM sales.orders ORDER BY id`
      expect(await rowsOf(warehouse, select)).toMatchInlineSnapshot(`
        [
          [
            "2",
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            "infinity",
          ],
          [
            "9007199254740993",
            "12.50",
            "2026-01-31 12:00:00.000001+00",
            "{"a":[1,null]}",
            [
              "x",
              null,
            ],
            "00000000-0000-0000-0000-0000000000ff",
            "\\x00\\xFF",
            {
              "days": 0,
              "micros": "11045000000",
              "months": 12,
            },
            null,
          ],
        ]
      `)
      const states = first.messages.flatMap(({ state }) => state ?? [])
      expect(states.at(-1)).toMatchObject({ type: 'GLOBAL', sourceStats: { recordCount: expect.any(Number) } })

      await client.query(
        `INSERT INTO sales.orders (id, amount) VALUES (3, 7); UPDATE sales.orders SET amount = 1 WHERE id = 2; DELETE FROM sales.orders WHERE id > 10`,
      )
      const stateFile = await file('state.json', [states.at(-1)])
      const second = await run([...reading, '--state', stateFile], writing)
      expect(second).toMatchObject({ code: 0, stderr: '' })
      expect(await rowsOf(warehouse, `SELECT id, amount, _ab_cdc_deleted_at IS NULL FROM sales.orders ORDER BY id`))
        .toMatchInlineSnapshot(`
        [
          [
            "2",
            "1.00",
            true,
          ],
          [
            "3",
            "7.00",
            true,
          ],
          [
            "9007199254740993",
            null,
            false,
          ],
        ]
      `)
    })
  },
)
