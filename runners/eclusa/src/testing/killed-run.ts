/*
 * A run that kills its own process at a named moment: before and after each call that makes something durable. Started
 * by tests alone, which say in ECLUSA_TEST_KILL what to run and when to die. Its last line names the moment it died at;
 * ends with 0 when the moment did not come.
 */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { duckdb } from '@eclusa/destination-duckdb'
import { definePipeline } from '@eclusa/pipeline'
import type { StreamSelection } from '@eclusa/pipeline'
import type { ConfiguredDestination, ConfiguredSource, DestinationSession, SourceReader } from '@eclusa/sdk'
import { postgres } from '@eclusa/source-postgres'
import { Client } from 'pg'

export const failpoints = [
  'slot created',
  'stream started',
  'chunk read',
  'before accept',
  'after accept',
  'stream copied',
  'before commit',
  'within commit',
  'after commit',
  'before acknowledge',
  'after acknowledge',
] as const
export type Failpoint = (typeof failpoints)[number]

export interface KilledRun {
  readonly connectionString: string
  readonly source: Readonly<Record<string, unknown>>
  readonly path: string
  readonly streams: readonly StreamSelection[]
  readonly follow: boolean
  readonly failpoint: Failpoint
  /** Dies when the moment comes for the so many-th time, counted from 1. */
  readonly times: number
  /** From the call of a commit to the death within it. */
  readonly withinCommitMs: number
}

/** What the process writes last of all, before it dies at its failpoint. */
export function lastWords(failpoint: Failpoint): string {
  return `died: ${failpoint}\n`
}

function die(failpoint: Failpoint): void {
  writeSync(1, lastWords(failpoint))
  process.kill(process.pid, 'SIGKILL')
}

class Fate {
  readonly #failpoint: Failpoint
  #timesLeft: number

  constructor({ failpoint, times }: KilledRun) {
    this.#failpoint = failpoint
    this.#timesLeft = times
  }

  reached(failpoint: Failpoint): void {
    if (this.isDue(failpoint)) die(failpoint)
  }

  isDue(failpoint: Failpoint): boolean {
    return failpoint === this.#failpoint && --this.#timesLeft === 0
  }
}

/** The same with some members replaced. No Proxy: `await using` of Node 24 finds no method to dispose it by. */
function replacing<Target extends object>(target: Target, members: Partial<Target>): Target {
  return Object.assign(Object.create(target) as Target, members)
}

function fatedReader(reader: SourceReader, fate: Fate): SourceReader {
  return {
    async *[Symbol.asyncIterator]() {
      let isFirst = true
      for await (const message of reader) {
        if (isFirst) process.stdout.write('reading\n')
        isFirst = false
        if (message.type === 'checkpoint') fate.reached('chunk read')
        if (message.type === 'stream_copied') fate.reached('stream copied')
        yield message
      }
    },
    acknowledge: async (checkpoints) => {
      fate.reached('before acknowledge')
      await reader.acknowledge?.(checkpoints)
      // What was acknowledged is on its way to the server by then, or not yet: both have to be right.
      if (fate.isDue('after acknowledge')) setTimeout(() => die('after acknowledge'), 5)
    },
  }
}

function fatedSession(session: DestinationSession, fate: Fate, { withinCommitMs }: KilledRun): DestinationSession {
  return replacing(session, {
    startStream: async (...started) => {
      await session.startStream(...started)
      fate.reached('stream started')
    },
    write: async (batch) => {
      fate.reached('before accept')
      await session.write(batch)
      fate.reached('after accept')
    },
    commit: async (checkpoints) => {
      fate.reached('before commit')
      const isWithin = fate.isDue('within commit')
      const committing = session.commit(checkpoints)
      if (isWithin) {
        await delay(withinCommitMs)
        die('within commit')
      }
      const commit = await committing
      fate.reached('after commit')
      return commit
    },
  })
}

async function dieWithSlot(connectionString: string): Promise<never> {
  const client = new Client({ connectionString })
  await client.connect()
  for (;;) {
    const { rows } = await client.query(
      `SELECT FROM pg_replication_slots WHERE slot_name LIKE 'eclusa%' AND database = current_database()`,
    )
    if (rows.length > 0) die('slot created')
  }
}

async function main(killed: KilledRun): Promise<void> {
  const fate = new Fate(killed)
  const source: ConfiguredSource = postgres({ connection_string: killed.connectionString, ...killed.source })
  const destination: ConfiguredDestination = duckdb({ path: killed.path, threads: 1 })
  if (killed.failpoint === 'slot created') void dieWithSlot(killed.connectionString)
  const pipeline = definePipeline({
    name: 'test',
    source: replacing(source, { read: (request) => fatedReader(source.read(request), fate) }),
    destination: replacing(destination, {
      open: async (request) => fatedSession(await destination.open(request), fate, killed),
    }),
    streams: killed.streams,
    retryDelayMsBase: 1,
    commit: { commitBytesMax: 65_536 },
  })
  const { status, error } = await pipeline.run({ follow: killed.follow }).result
  if (error !== undefined) process.stderr.write(`${status}: ${error.code}: ${error.message}\n`)
  process.exit(status === 'succeeded' ? 0 : 1)
}

const text = process.env['ECLUSA_TEST_KILL']
if (text !== undefined) await main(JSON.parse(text) as KilledRun)
