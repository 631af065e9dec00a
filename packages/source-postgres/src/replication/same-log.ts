import { EclusaError } from '@eclusa/sdk'
import type { LastCommit } from './last-commit.ts'
import { LogComparison, comparisonOf } from './log-comparison.ts'
import type { LogComparisonOptions } from './log-comparison.ts'
import { compareLsn, formatLsn, parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import { PgoutputReader, changeKind } from './pgoutput-reader.ts'
import { protocolVersionMax } from './replication-command.ts'
import type { ReplicationConnection } from './replication-connection.ts'
import type { ReplicationFrames } from './replication-frames.ts'
import { serverChanged } from './replication-server.ts'
import type { ReplicationStream } from './replication-stream.ts'
import { logEndSql } from './slot.ts'
import type { Slot } from './slot.ts'

export interface SameLogOptions {
  readonly slot: Pick<Slot, 'name' | 'confirmedLsn'>
  /** What the checkpoint was read by. */
  readonly publication: string
  /** What was read: before this position, all of it. */
  readonly position: Lsn
  readonly lastCommit: LastCommit | undefined
  /** Confirmed when the log has turned out to be the same, so that it need not be compared again. Default: nothing. */
  readonly durable?: Lsn
}

const askIntervalMs = 1_000

/**
 * Makes sure that the server's log is the one that was read, as far as the slot still has it: see log-comparison.ts.
 * Nothing is confirmed before. False when there is nothing to compare, which is so unless a run died between a commit and
 * its confirmation, or the server forgot the latter; true when the connection has streamed, and can do so no more.
 *
 * Transactions are sent when they end, so that of a large one that is still open nothing comes; none is decoded here.
 *
 * @throws REPLICATION_SERVER_CHANGED, REPLICATION_STANDBY_BEHIND, and whatever starting and reading throw.
 */
export async function assertSameLog(walsender: ReplicationConnection, options: SameLogOptions): Promise<boolean> {
  const { slot, publication, position, durable } = options
  const part = comparisonOf(slot.confirmedLsn ?? 0n, options)
  if (part === undefined) return false
  await waitForReplay(walsender, position)
  const stream = await startAt(walsender, { part, slot: slot.name, publication })
  try {
    const fault = await compare(stream, part)
    if (fault !== undefined) throw otherLog(position, fault)
    if (durable !== undefined) stream.confirm({ written: durable, flushed: durable, applied: durable })
  } finally {
    await stream.stop()
  }
  return true
}

async function startAt(
  walsender: ReplicationConnection,
  {
    part,
    slot,
    publication,
  }: { readonly part: LogComparisonOptions; readonly slot: string; readonly publication: string },
): Promise<ReplicationStream> {
  return await walsender.startReplication({
    slot,
    from: part.from,
    publications: [publication],
    protocolVersion: protocolVersionMax(walsender.versionNumber),
    // There is a text of every value.
    isBinary: false,
    streaming: 'off',
  })
}

async function compare(stream: ReplicationStream, part: LogComparisonOptions): Promise<string | undefined> {
  const comparison = new LogComparison(part)
  const reader = new PgoutputReader()
  const timer = setInterval(() => stream.requestKeepAlive(), askIntervalMs)
  try {
    stream.requestKeepAlive()
    while (!comparison.isDone) {
      const frames = await stream.next()
      if (frames === undefined) {
        throw new EclusaError('POSTGRES_CONNECTION_LOST', { message: 'The server ended the replication.' })
      }
      compareFrames(comparison, frames, reader)
    }
  } finally {
    clearInterval(timer)
  }
  return comparison.fault
}

function compareFrames(comparison: LogComparison, frames: ReplicationFrames, reader: PgoutputReader): void {
  while (!comparison.isDone && frames.next()) {
    const { wire, start, end } = frames
    if (frames.isKeepAlive) comparison.keepAlive(frames.walEnd)
    else if (isChange(wire.bytes[start])) comparison.change()
    else {
      reader.read(wire, start, end)
      comparison.message(reader.message())
    }
  }
}

function isChange(kind: number | undefined): boolean {
  return kind === changeKind.insert || kind === changeKind.update || kind === changeKind.delete
}

function otherLog(position: Lsn, fault: string): EclusaError {
  return serverChanged(
    position,
    `is of another log than the server's, which ${fault}: an older state was restored, and written to since`,
  )
}

const replayPollMs = 100
const replayPolls = 100

/** A standby that was started again has for a moment less than it had. */
async function waitForReplay({ session }: ReplicationConnection, position: Lsn): Promise<void> {
  const attempt = { doing: 'looking for the end of the log' }
  for (let poll = 0; ; poll++) {
    const [row] = await session.query<{ position: string }>(`SELECT (${logEndSql})::text AS position`, { attempt })
    const end = parseLsn(row!.position)
    if (compareLsn(end, position) >= 0) return
    if (poll >= replayPolls) {
      throw new EclusaError('REPLICATION_STANDBY_BEHIND', {
        message: `The standby has replayed the log up to ${formatLsn(end)}, and the checkpoint is at ${formatLsn(position)}.`,
        details: { replayed: formatLsn(end), position: formatLsn(position) },
      })
    }
    await new Promise((resolve) => setTimeout(resolve, replayPollMs))
  }
}
