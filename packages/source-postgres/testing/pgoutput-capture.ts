import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionSettings } from '../src/connection/connection-settings.ts'
import { formatLsn } from '../src/replication/lsn.ts'
import { PgoutputReader, changeKind } from '../src/replication/pgoutput-reader.ts'
import type { ReplicationStream } from '../src/replication/replication-stream.ts'

/* Messages of pgoutput as servers really sent them, recorded by record-pgoutput.ts, one line of hexadecimal digits each. */

export interface Capture {
  readonly scenario: string
  readonly messages: readonly Buffer[]
}

export const captureMajors = [15, 18] as const

export function capturePath(major: number): string {
  return join(import.meta.dirname, `pgoutput-${major}.txt`)
}

export function readCaptures(major: number): Capture[] {
  const [, ...parts] = readFileSync(capturePath(major), 'utf8').split(/^# /mu)
  return parts.map((part) => {
    const [scenario = '', ...lines] = part.trim().split('\n')
    return { scenario, messages: lines.map((line) => Buffer.from(line, 'hex')) }
  })
}

/** Bytes with the view that readers need, with other bytes around them that no reader should look at. */
export function wireOf(message: Uint8Array, around = 0) {
  const memory = new ArrayBuffer(message.length + 2 * around)
  const bytes = Buffer.from(memory).fill(0xff)
  bytes.set(message, around)
  return { wire: { bytes, view: new DataView(memory) }, start: around, end: around + message.length }
}

/** The settings that a test server's address is. */
export function settingsOf(connectionString: string): ConnectionSettings {
  const { hostname, port, pathname, username, password } = new URL(connectionString)
  return {
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
    username,
    password,
    ssl: { mode: 'prefer' },
    applicationName: 'eclusa test',
    connectTimeoutMs: 10_000,
  }
}

/** Prefix of the message that ends a recording. */
export const endPrefix = 'end of the recording'

/** All messages until the one with `endPrefix`, copied. */
export async function collectMessages(stream: ReplicationStream): Promise<Buffer[]> {
  const messages: Buffer[] = []
  for (;;) {
    const frames = await stream.next()
    if (frames === undefined) throw new Error('The stream ended before its recording.')
    while (frames.next()) {
      if (frames.isKeepAlive) continue
      const message = Buffer.from(frames.wire.bytes.subarray(frames.start, frames.end))
      if (message.includes(endPrefix)) return messages
      messages.push(message)
    }
  }
}

/** What a reader makes of messages, as lines to compare and to look at. */
export function describeMessages(messages: readonly Uint8Array[]): string[] {
  const reader = new PgoutputReader()
  return messages.map((message) => {
    const { wire, start, end } = wireOf(message, 8)
    if (!reader.read(wire, start, end)) return JSON.stringify(reader.message(), printable)
    const kind = Object.entries(changeKind).find(([, byte]) => byte === reader.kind)?.[0]
    const xid = reader.streamXid === 0 ? '' : ` in ${reader.streamXid}`
    const old = reader.oldTuple === -1 ? '' : ` ${reader.isKeyOnly ? 'key' : 'old'} ${tupleText(wire, reader.oldTuple)}`
    const now = reader.newTuple === -1 ? '' : ` new ${tupleText(wire, reader.newTuple)}`
    return `${kind} of ${reader.relationId}${xid}${old}${now}`
  })
}

function tupleText({ bytes, view }: { bytes: Buffer; view: DataView }, start: number): string {
  const fields: string[] = []
  let at = start + 2
  for (let field = 0; field < view.getInt16(start); field++) {
    const kind = bytes.toString('latin1', at, at + 1)
    at++
    if (kind === 'n' || kind === 'u') fields.push(kind)
    else {
      const length = view.getInt32(at)
      const value = bytes.subarray(at + 4, at + 4 + Math.min(length, 20))
      fields.push(`${kind}:${kind === 't' ? value.toString() : value.toString('hex')}`)
      at += 4 + length
    }
  }
  return `(${fields.join(', ')})`
}

function printable(key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return key.endsWith('Lsn') || key === 'lsn' ? formatLsn(value) : String(value)
  return value
}
