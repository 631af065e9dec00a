import { appendFile, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { type Checkpoint, batchRows, defineDestination, streamKey } from '@eclusa/sdk'
import { z } from 'zod'

/** Keeps a journal: a file of JSON lines per commit, the last line its checkpoints. Renaming the file is the commit. */
export const journalDestination = defineDestination({
  name: 'journal',
  version: '1.0.0',
  config: z.strictObject({ directory: z.string() }),
  syncModes: ['append'],
  delivery: 'exactly_once',
  check: async () => ({ findings: [] }),
  async open({ config, pipeline }) {
    const directory = `${config.directory}/${pipeline}`
    const uncommitted = `${directory}/uncommitted`
    await mkdir(directory, { recursive: true })
    await rm(uncommitted, { force: true })
    const files = (await readdir(directory)).toSorted()
    const last = files.length === 0 ? '[]' : await readFile(`${directory}/${files.at(-1)}`, 'utf8')
    const checkpoints = new Map<string, Checkpoint>(JSON.parse(last.trimEnd().split('\n').at(-1)!))
    let sequence = files.length
    const append = async (entry: object) => appendFile(uncommitted, `${JSON.stringify(entry)}\n`, { flush: true })
    return {
      checkpoints: [...checkpoints.values()],
      startStream: async (stream, { resumed }) => append({ stream, event: resumed ? 'resumed' : 'started' }),
      restartStream: async (stream) => append({ stream, event: 'restarted' }),
      async write(batch) {
        const rows = [...batchRows(batch, { values: 'text' })]
        await append({ stream: batch.stream, rows, unrepresentable: batch.unrepresentable })
      },
      async commit(given) {
        for (const checkpoint of given) checkpoints.set(streamKey(checkpoint.stream), checkpoint)
        await append([...checkpoints])
        await rename(uncommitted, `${directory}/${String(++sequence).padStart(9, '0')}.jsonl`)
        return { sequence }
      },
    }
  },
})
