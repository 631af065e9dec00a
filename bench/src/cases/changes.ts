/* (f) The source's changes as Arrow batches, which are given back at once. Arguments: url, file with checkpoints. */
import { readFile } from 'node:fs/promises'
import { byteBudget } from '@eclusa/sdk'
import type { Checkpoint } from '@eclusa/sdk'
import { giveBack } from '../batch-buffers.ts'
import { openReplicated } from '../slot-backlog.ts'
import { measure, report } from '../measurement.ts'

const [url, file] = process.argv.slice(2) as [string, string]
const checkpoints = JSON.parse(await readFile(file, 'utf8')) as Checkpoint[]
const { source, catalog } = await openReplicated(url)
const context = {
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {}, error() {} },
}

report(
  await measure(async () => {
    let rows = 0
    const budget = byteBudget({ bytesMax: 24 * 1024 * 1024, readers: 1 })
    for await (const message of source.read({ catalog, checkpoints, budget, ...context })) {
      if (message.type !== 'batch') continue
      rows += message.batch.records.numRows
      giveBack(message.batch)
    }
    return rows
  }),
)
