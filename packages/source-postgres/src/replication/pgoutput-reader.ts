import type { WireBytes } from '../codec/value-codec.ts'
import { MessageFields, endsEarly } from './message-fields.ts'
import type { PgoutputMessage, PrepareMessage, RelationMessage } from './pgoutput-message.ts'
import { protocolViolation } from './protocol-violation.ts'
import { endOfTuple } from './tuple-fields.ts'

/** Type bytes of the messages that are changes of rows. */
export const changeKind = { insert: 0x49, update: 0x55, delete: 0x44 } as const

const streamStartKind = 0x53
const streamStopKind = 0x45

const newTupleMark = 0x4e
const keyTupleMark = 0x4b
const oldTupleMark = 0x4f
const xidBytes = 4

/**
 * Reads messages of pgoutput, one after the other, from memory that holds them. Nothing is made of a change: after `read`
 * the fields tell where its tuples lie, and a RelationDecoder takes the values from there. All other messages are rare, and
 * `message` makes objects of them.
 *
 * The reader knows whether it is within a streamed block, so it must see every message of the stream from its start.
 *
 * @example
 * if (reader.read(wire, start, end)) decoder.add(wire, { at: reader.newTuple, end: reader.newTupleEnd, ... })
 * else apply(reader.message())
 */
export class PgoutputReader {
  /** Type byte of the message; for changes one of `changeKind`. */
  kind = 0
  /** Within a streamed block the (sub)transaction of the change; 0 outside. */
  streamXid = 0
  /** Of a change: the oid of the relation that the last relation message with this id described. */
  relationId = 0
  /** Where the old row begins, with its count of fields; -1 when it was not sent. Of updates and deletes. */
  oldTuple = -1
  oldTupleEnd = -1
  /** True when the old row is only its replica identity: the other fields are nulls that mean "not sent". */
  isKeyOnly = false
  /** Where the new row begins; -1 for a delete. */
  newTuple = -1
  newTupleEnd = -1
  #wire: WireBytes | undefined
  #start = 0
  #end = 0
  #isStreaming = false

  /**
   * Reads the message in these bytes, all of it. Returns true for a change, whose fields are set then; otherwise `message`
   * has it. @throws REPLICATION_PROTOCOL_VIOLATION
   */
  read(wire: WireBytes, start: number, end: number): boolean {
    const kind = start < end ? wire.bytes[start]! : 0
    this.kind = kind
    if (kind !== changeKind.insert && kind !== changeKind.update && kind !== changeKind.delete) {
      this.#wire = wire
      this.#start = start
      this.#end = end
      if (kind === streamStartKind) this.#enterStream(true)
      else if (kind === streamStopKind) this.#enterStream(false)
      return false
    }
    let at = start + 1
    if (this.#isStreaming) {
      if (at + xidBytes > end) throw endsEarly()
      this.streamXid = wire.view.getUint32(at)
      at += xidBytes
    }
    // The relation, the mark of a tuple, and its count of fields.
    if (at + 7 > end) throw endsEarly()
    this.relationId = wire.view.getUint32(at)
    at += 4
    const mark = wire.bytes[at]!
    if (kind === changeKind.insert || (kind === changeKind.update && mark === newTupleMark)) {
      this.oldTuple = -1
      this.#readNewTuple(wire, at, end)
    } else {
      at = this.#readOldTuple(wire, at, end)
      if (kind === changeKind.update) this.#readNewTuple(wire, at, end)
      else if (at === end) this.newTuple = -1
      else throw protocolViolation('a deleted row is not as long as its message')
    }
    return true
  }

  /** The message that was read, when it is no change. @throws REPLICATION_PROTOCOL_VIOLATION */
  message(): PgoutputMessage {
    if (this.#wire === undefined || this.#start >= this.#end) throw protocolViolation('there is an empty message')
    const fields = new MessageFields(this.#wire, this.#start + 1, this.#end)
    const message = this.#parse(fields)
    fields.finish()
    return message
  }

  #readNewTuple(wire: WireBytes, at: number, end: number): void {
    if (at + 3 > end) throw endsEarly()
    if (wire.bytes[at] !== newTupleMark) throw protocolViolation('a change has no new row')
    this.newTuple = at + 1
    this.newTupleEnd = end
  }

  #readOldTuple(wire: WireBytes, at: number, end: number): number {
    const mark = wire.bytes[at]
    if (mark !== keyTupleMark && mark !== oldTupleMark) throw protocolViolation('a change has no old row')
    this.isKeyOnly = mark === keyTupleMark
    this.oldTuple = at + 1
    this.oldTupleEnd = endOfTuple(wire, at + 1, end)
    return this.oldTupleEnd
  }

  #parse(fields: MessageFields): PgoutputMessage {
    switch (String.fromCharCode(this.kind)) {
      case 'B':
        this.#expectStreaming(false)
        return { kind: 'begin', finalLsn: fields.lsn(), committedAtUs: fields.timeUs(), xid: fields.uint32() }
      case 'C':
        return { kind: 'commit', ...commitOf(fields) }
      case 'O':
        return { kind: 'origin', originLsn: fields.lsn(), name: fields.text() }
      case 'R':
        return relationOf(fields, this.#messageXid(fields))
      case 'Y':
        return {
          kind: 'type',
          streamXid: this.#messageXid(fields),
          typeOid: fields.uint32(),
          schemaName: schemaOf(fields),
          name: fields.text(),
        }
      case 'T':
        return truncateOf(fields, this.#messageXid(fields))
      case 'M':
        return {
          kind: 'message',
          streamXid: this.#messageXid(fields),
          isTransactional: (fields.byte() & 1) === 1,
          lsn: fields.lsn(),
          prefix: fields.text(),
          content: fields.content(),
        }
      default:
        return this.#parseLater(fields)
    }
  }

  /** Messages of protocol version 2 and above. */
  #parseLater(fields: MessageFields): PgoutputMessage {
    switch (String.fromCharCode(this.kind)) {
      case 'S':
        return { kind: 'stream-start', xid: fields.uint32(), isFirstBlock: fields.byte() === 1 }
      case 'E':
        return { kind: 'stream-stop' }
      case 'c':
        this.#expectStreaming(false)
        return { kind: 'stream-commit', xid: fields.uint32(), ...commitOf(fields) }
      case 'A':
        return streamAbortOf(fields)
      case 'b':
        return { kind: 'begin-prepare', ...prepareOf(fields) }
      case 'P':
        return { kind: 'prepare', ...flaglessPrepareOf(fields) }
      case 'p':
        this.#expectStreaming(false)
        return { kind: 'stream-prepare', ...flaglessPrepareOf(fields) }
      case 'K':
        return {
          kind: 'commit-prepared',
          ...commitOf(fields),
          xid: fields.uint32(),
          globalId: fields.text(),
        }
      case 'r':
        fields.byte()
        return {
          kind: 'rollback-prepared',
          prepareEndLsn: fields.lsn(),
          rollbackEndLsn: fields.lsn(),
          preparedAtUs: fields.timeUs(),
          rolledBackAtUs: fields.timeUs(),
          xid: fields.uint32(),
          globalId: fields.text(),
        }
      default:
        throw protocolViolation(`there is a message of the unknown type ${this.kind}`)
    }
  }

  #messageXid(fields: MessageFields): number {
    return this.#isStreaming ? fields.uint32() : 0
  }

  #enterStream(isStreaming: boolean): void {
    this.#expectStreaming(!isStreaming)
    this.#isStreaming = isStreaming
    this.streamXid = 0
  }

  #expectStreaming(expected: boolean): void {
    if (this.#isStreaming === expected) return
    const place = expected ? 'outside' : 'inside'
    throw protocolViolation(`a message of type ${this.kind} came ${place} of a streamed block`)
  }
}

/** Flags, which are not used by the protocol so far, and what a commit tells. */
function commitOf(fields: MessageFields) {
  fields.byte()
  return { commitLsn: fields.lsn(), endLsn: fields.lsn(), committedAtUs: fields.timeUs() }
}

function prepareOf(fields: MessageFields): Omit<PrepareMessage, 'kind'> {
  return {
    prepareLsn: fields.lsn(),
    endLsn: fields.lsn(),
    preparedAtUs: fields.timeUs(),
    xid: fields.uint32(),
    globalId: fields.text(),
  }
}

function flaglessPrepareOf(fields: MessageFields): Omit<PrepareMessage, 'kind'> {
  fields.byte()
  return prepareOf(fields)
}

function streamAbortOf(fields: MessageFields): PgoutputMessage {
  const aborted = { kind: 'stream-abort', xid: fields.uint32(), subtransactionXid: fields.uint32() } as const
  if (fields.bytesLeft === 0) return aborted
  return { ...aborted, abortLsn: fields.lsn(), abortedAtUs: fields.timeUs() }
}

const replicaIdentities: Readonly<Record<string, RelationMessage['replicaIdentity']>> = {
  d: 'default',
  n: 'nothing',
  f: 'full',
  i: 'index',
}

function relationOf(fields: MessageFields, streamXid: number): RelationMessage {
  const relationId = fields.uint32()
  const schemaName = schemaOf(fields)
  const name = fields.text()
  const replicaIdentity = replicaIdentities[String.fromCharCode(fields.byte())]
  if (replicaIdentity === undefined) throw protocolViolation('a relation has an unknown replica identity')
  const columns = Array.from({ length: fields.count16() }, () => ({
    isKey: (fields.byte() & 1) === 1,
    name: fields.text(),
    typeOid: fields.uint32(),
    typmod: fields.int32(),
  }))
  return { kind: 'relation', streamXid, relationId, schemaName, name, replicaIdentity, columns }
}

/** Empty stands for pg_catalog. */
function schemaOf(fields: MessageFields): string {
  return fields.text() || 'pg_catalog'
}

function truncateOf(fields: MessageFields, streamXid: number): PgoutputMessage {
  const count = fields.uint32()
  const options = fields.byte()
  if (count * 4 !== fields.bytesLeft)
    throw protocolViolation('a truncation does not name as many relations as it counts')
  return {
    kind: 'truncate',
    streamXid,
    relationIds: Array.from({ length: count }, () => fields.uint32()),
    isCascade: (options & 1) !== 0,
    restartsIdentity: (options & 2) !== 0,
  }
}
