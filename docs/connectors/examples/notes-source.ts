import { batchesFromRows, checkpointState, defineSource, defineStream } from '@eclusa/sdk'
import { fetchPage, notesConfig } from './notes-service.ts'

const notes = defineStream({
  name: 'notes',
  columns: { id: 'int64', text: 'text', written_at: 'timestamptz' },
  primaryKey: ['id'],
  syncModes: ['incremental'],
  cursorChoice: 'none',
  defaultCursor: 'id',
})

/** Reads the notes of a web service in the order of their ids, page by page, and goes on where it stopped. */
export const notesSource = defineSource({
  name: 'notes',
  version: '1.0.0',
  config: notesConfig,
  async check(settings, { signal }) {
    await fetchPage(settings, 0, signal)
    return { findings: [{ status: 'passed', subject: 'service', message: `${settings.url} answers` }] }
  },
  discover: async () => ({ streams: [notes] }),
  async *read({ config: settings, catalog, checkpoints, budget, signal }) {
    for (const { stream, schema } of catalog.streams) {
      let after = Number(checkpointState(checkpoints, stream)?.['after'] ?? 0)
      yield { type: 'stream_started', stream, resumed: after > 0 }
      for (let page; (page = await fetchPage(settings, after, signal)).length > 0; after = page.at(-1)!.id) {
        for await (const batch of batchesFromRows(page, { stream, schema, budget })) yield { type: 'batch', batch }
        yield { type: 'checkpoint', checkpoints: [{ stream, state: { after: page.at(-1)!.id } }] }
      }
      yield { type: 'stream_completed', stream }
    }
  },
})
