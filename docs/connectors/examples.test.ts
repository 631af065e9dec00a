import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { definePipeline } from '@eclusa/pipeline'
import { connectorSpec, createBatchBuilder, createLog } from '@eclusa/sdk'
import type { Checkpoint, UnrepresentableValue } from '@eclusa/sdk'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { journalDestination } from './examples/journal-destination.ts'
import { notesSource } from './examples/notes-source.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const embedded = /<!-- (examples\/[\w-]+\.ts) -->\n```ts\n(.*?)```/gs

describe('the pages', () => {
  test('show every example as it is in its file', async () => {
    const pages = (await readdir(here)).filter((name) => name.endsWith('.md'))
    const shown = new Map<string, string>()
    for (const page of pages) {
      const text = await readFile(join(here, page), 'utf8')
      for (const [, file = '', code = ''] of text.matchAll(embedded)) shown.set(file, code)
    }
    const files = (await readdir(join(here, 'examples'))).map((name) => `examples/${name}`)
    expect([...shown.keys()].toSorted()).toEqual(files.toSorted())
    for (const [file, code] of shown) expect(code).toBe(await readFile(join(here, file), 'utf8'))
  })

  test('show whole connectors of fewer than 40 lines', async () => {
    for (const name of await readdir(join(here, 'examples'))) {
      const text = await readFile(join(here, 'examples', name), 'utf8')
      expect(text.trimEnd().split('\n').length).toBeLessThan(40)
    }
  })

  test('show code that the compiler accepts', () => {
    const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', join(here, '..')], { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})

interface Note {
  readonly id: number
  readonly text: string
  readonly written_at: string
}

const context = {
  signal: AbortSignal.timeout(60_000),
  log: createLog({ write: () => {} }),
}

const appended = {
  syncMode: 'incremental',
  destinationSyncMode: 'append',
  schemaPolicy: 'evolve',
  onUnrepresentable: 'keep_text',
} as const

const token = 'k3y-of-the-notes'
const allNotes = Array.from({ length: 10 }, (_, index): Note => {
  const id = index + 1
  return {
    id,
    text: `note ${id}`,
    written_at: id === 7 ? 'long ago' : `2026-01-${String(id).padStart(2, '0')}T12:00:00Z`,
  }
})

describe('the connectors', () => {
  let directory: string
  let url: string
  let refuseAfter = Infinity
  const asked: number[] = []
  const answer: RequestListener = (request, response) => {
    const after = Number(new URL(`http://x${request.url}`).searchParams.get('after'))
    const isRefused = request.headers.authorization !== `Bearer ${token}` || after >= refuseAfter
    asked.push(after)
    response.statusCode = isRefused ? (after >= refuseAfter ? 403 : 401) : 200
    response.end(JSON.stringify(isRefused ? {} : allNotes.filter(({ id }) => id > after).slice(0, 3)))
  }
  const server = createServer(answer)

  beforeEach(async () => {
    refuseAfter = Infinity
    asked.length = 0
    directory = await mkdtemp(join(tmpdir(), 'eclusa-docs-'))
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
    url = `http://127.0.0.1:${address.port}`
  })

  afterEach(async () => {
    server.close()
    server.closeAllConnections()
    await rm(directory, { recursive: true })
  })

  function pipeline({ key = token, ...choice }: { key?: string; cursor?: string } = {}) {
    return definePipeline({
      name: 'notes',
      source: notesSource({ url, token: key }),
      destination: journalDestination({ directory }),
      streams: [{ name: 'notes', syncMode: 'incremental', destinationSyncMode: 'append', ...choice }],
      commit: { commitBytesMax: 0 },
    })
  }

  test('move every note once, and nothing when there is nothing new', async () => {
    expect(await pipeline().run().result).toMatchObject({ status: 'succeeded', rows: 10, unrepresentable: 1 })
    expect(await pipeline().run().result).toMatchObject({ status: 'succeeded', rows: 0 })
    const journal = await readJournal(join(directory, 'notes'))
    expect(journal.rows).toEqual(
      allNotes.map(({ id, text, written_at }) => ({
        id: String(id),
        text,
        written_at: id === 7 ? null : written_at.replace('T', ' ').replace('Z', '+00'),
      })),
    )
    expect(journal.unrepresentable).toMatchObject([{ column: 'written_at', text: 'long ago' }])
  })

  test('go on where a failed run stopped', async () => {
    refuseAfter = 6
    const failed = await pipeline().run().result
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'SERVICE_REFUSED' } })
    // A crash after the failure leaves rows that were accepted and never committed.
    await writeFile(join(directory, 'notes', 'uncommitted'), '{"stream":{"name":"notes"},"rows":[{"id":"99"}]}\n')
    refuseAfter = Infinity
    asked.length = 0
    expect(await pipeline().run().result).toMatchObject({ status: 'succeeded', rows: 4 })
    expect(asked).toEqual([6, 9, 10])
    const { rows } = await readJournal(join(directory, 'notes'))
    expect(rows.map((row) => row['id'])).toEqual(allNotes.map(({ id }) => String(id)))
  })

  test('tell an error of their own, with what to do', async () => {
    const { error } = await pipeline({ key: 'of-somebody-else' }).run().result
    expect(error).toMatchObject({
      code: 'NOTES_TOKEN_REFUSED',
      failureType: 'config_error',
      remedy: expect.stringMatching(/^Make a new token/u),
    })
  })

  test('know by themselves what is new', async () => {
    const { catalog } = await pipeline().plan()
    expect(catalog.streams).toMatchObject([{ cursorColumn: 'id' }])
    await expect(pipeline({ cursor: 'text' }).plan()).rejects.toThrow('leave out cursor')
  })

  test('take back what a restarted stream had sent', async () => {
    const { streams } = await notesSource({ url, token }).discover(context)
    const [discovered] = streams
    if (discovered === undefined) throw new Error('there are no streams')
    const { stream, schema } = discovered
    const configured = { ...discovered, ...appended, target: stream }
    const request = { catalog: { streams: [configured] }, pipeline: 'restarts', runId: 'r', bytesMax: 1_000_000 }
    await using session = await journalDestination({ directory }).open({ ...request, ...context })
    const write = async (id: number) => {
      const builder = createBatchBuilder({ stream, schema, budget: { batchBytesMax: 1000, batchRowsMax: 10 } })
      builder.append({ id, text: 'a', written_at: null })
      await session.write(builder.finish())
    }
    await session.startStream(stream, { resumed: false })
    await write(1)
    await session.commit([{ stream, state: { after: 1 } }])
    await session.restartStream(stream)
    await write(2)
    expect(await session.commit([])).toMatchObject({ sequence: 2, rows: 1 })
    const { rows } = await readJournal(join(directory, 'restarts'))
    expect(rows.map((row) => row['id'])).toEqual(['2'])
  })

  test('tell what is wrong with a configuration', async () => {
    // @ts-expect-error -- the key is misspelt
    expect(() => notesSource({ url, tokn: token })).toThrow(/tokn: unknown key; did you mean "token"\?/)
    const { findings } = await pipeline().check()
    expect(findings).toContainEqual({ status: 'passed', subject: 'service', message: `${url} answers` })
    expect(connectorSpec(notesSource.definition).connectionSpecification).toMatchObject({
      properties: { url: { type: 'string', format: 'uri' }, token: { type: 'string', airbyte_secret: true } },
    })
  })
})

type Row = Record<string, string | null>
type Entry =
  | { event: 'started' | 'resumed' | 'restarted' | 'completed' }
  | { rows: Row[]; unrepresentable: UnrepresentableValue[] }
  | Checkpoint[]

/** What a journal of one stream says: `restarted` takes back the rows since `started`. */
async function readJournal(directory: string): Promise<{ rows: Row[]; unrepresentable: UnrepresentableValue[] }> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).toSorted()
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  const entries = texts
    .join('')
    .trimEnd()
    .split('\n')
    .map((line): Entry => JSON.parse(line))
  const rows: Row[] = []
  const unrepresentable: UnrepresentableValue[] = []
  let start = 0
  for (const entry of entries) {
    if ('rows' in entry) {
      rows.push(...entry.rows)
      unrepresentable.push(...entry.unrepresentable)
    } else if ('event' in entry) {
      if (entry.event === 'started') start = rows.length
      if (entry.event === 'restarted') rows.splice(start)
    }
  }
  return { rows, unrepresentable }
}
