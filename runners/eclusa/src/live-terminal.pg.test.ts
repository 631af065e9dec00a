import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { testServer } from '@eclusa/postgres-local/testing'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { hasTerminals, runInTerminal } from './testing/run-in-terminal.ts'
import { createTestProject } from './testing/test-project.ts'

const noServer = { host: 'localhost', port: 5432, user: 'nobody', password: '' }

describe.skipIf(!hasTerminals)('at a terminal', () => {
  test('a run draws bars, leaves a line per stream, and gives the cursor back', async () => {
    const server = await testServer()
    await using database = await server.createDatabase()
    const client = new pg.Client({ connectionString: database.connectionString })
    await client.connect()
    await client.query(
      'CREATE TABLE numbers AS SELECT id, md5(id::text) FROM generate_series(1, 500000) AS id; ANALYZE',
    )
    await client.end()
    await using project = await createTestProject({
      server,
      database: database.name,
      streams: ['public.numbers'],
      source: { chunk_bytes: 4_000_000 },
    })
    const { code, screen } = await runInTerminal('run', {
      directory: project.directory,
      env: { PGPASSWORD: server.password },
    })
    expect(code).toBe(0)
    const text = stripVTControlCharacters(screen)
    expect(text).toMatch(/public\.numbers {2}█+░*/u)
    expect(text).toMatch(/[\d,]+ rows\/s/u)
    expect(text).toContain('✓ public.numbers  500,000 rows')
    expect(screen.lastIndexOf('\u001B[?25h')).toBeGreaterThan(screen.lastIndexOf('\u001B[?25l'))
    expect(screen).not.toContain(server.password)
  })

  test('init asks, and writes what was answered', async () => {
    await using project = await createTestProject({ server: noServer, database: 'unused' })
    const enter = '\r'
    const { code, screen } = await runInTerminal('init shop', {
      directory: project.directory,
      answers: [
        { at: 'Name of the pipeline', type: `orders${enter}` },
        { at: 'Where do the rows come from?', type: `\u001B[B${enter}` },
        { at: 'Host', type: `db.example.com${enter}` },
        { at: 'Port', type: enter },
        { at: 'Database', type: `shop${enter}` },
        { at: 'Role that reads', type: `reader${enter}` },
        { at: 'Environment variable', type: `SHOP_PASSWORD${enter}` },
        { at: 'TLS', type: enter },
        { at: 'Schemas', type: `shop, crm${enter}` },
        { at: 'DuckDB file', type: enter },
      ],
    })
    expect([code, stripVTControlCharacters(screen)]).toEqual([0, expect.stringContaining('export SHOP_PASSWORD=…')])
    const config = await readFile(join(project.directory, 'shop/eclusa.yaml'), 'utf8')
    expect(config).toContain('name: orders')
    expect(config).toContain('password: ${env:SHOP_PASSWORD}')
    expect(config).toContain('schemas: [ shop, crm ]')
  })

  test('giving up at a question writes nothing', async () => {
    await using project = await createTestProject({ server: noServer, database: 'unused' })
    const { code, screen } = await runInTerminal('init shop', {
      directory: project.directory,
      answers: [{ at: 'Name of the pipeline', type: '\u0003' }],
    })
    expect([code, screen]).toEqual([130, expect.stringContaining('Nothing was written.')])
  })
})
