import { EclusaError } from '@eclusa/sdk'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { captureMajors, describeMessages, readCaptures, wireOf } from '../../testing/pgoutput-capture.ts'
import type { PgoutputMessage } from './pgoutput-message.ts'
import { PgoutputReader, changeKind } from './pgoutput-reader.ts'

/*
 * Messages that servers really sent (testing/record-pgoutput.ts), whole, cut off and damaged, and messages made here of
 * random fields. What the whole ones say is in testing/pgoutput-*.decoded.txt, to be looked at when it changes.
 */

const captured = captureMajors.flatMap((major) => readCaptures(major).map((capture) => ({ major, ...capture })))

/** `read` ends within a streamed block, where transaction ids precede changes. */
function readerWithin(isStreaming: boolean): PgoutputReader {
  const reader = new PgoutputReader()
  const start = wireOf(Buffer.from('530000000101', 'hex'))
  if (isStreaming) reader.read(start.wire, start.start, start.end)
  return reader
}

/** What a reader makes of bytes: 'read', or the code of the error. */
function outcome(reader: PgoutputReader, message: Uint8Array): string {
  // The message's neighbours are other bytes, then none at all.
  const results = [64, 0].map((around) => {
    const { wire, start, end } = wireOf(message, around)
    try {
      if (!reader.read(wire, start, end)) reader.message()
      return 'read'
    } catch (error) {
      return EclusaError.isInstance(error) ? error.code : String(error)
    }
  })
  return [...new Set(results)].join(' or ')
}

const violation = 'REPLICATION_PROTOCOL_VIOLATION'
/** Begin and end of a streamed block change the reader's state. */
const isBlockMark = (message: Buffer) => ['S', 'E'].includes(kindOf(message))

function kindOf(message: Buffer): string {
  return message.toString('latin1', 0, 1)
}

/** The captured messages, each with whether it was sent within a streamed block. */
const messages = captured.flatMap(({ messages: sent }) => {
  let isStreaming = false
  return sent.flatMap((message) => {
    const kind = kindOf(message)
    if (kind === 'S' || kind === 'E') isStreaming = kind === 'S'
    return isBlockMark(message) ? [] : [{ message, isStreaming }]
  })
})

describe('messages of servers', () => {
  test.each(captureMajors)('of PostgreSQL %i say what they said when they were recorded', async (major) => {
    const parts = readCaptures(major).map(({ scenario, messages: sent }) => [
      `# ${scenario}`,
      ...describeMessages(sent),
      '',
    ])
    await expect(parts.flat().join('\n')).toMatchFileSnapshot(`../../testing/pgoutput-${major}.decoded.txt`)
  })

  test('are of every kind that there is', () => {
    const kinds = new Set(captured.flatMap(({ messages: sent }) => sent.map(kindOf)))
    expect([...kinds].toSorted().join('')).toBe('ABCDEIKMOPRSTUYbcpr')
  })

  test('are refused when they end anywhere before their end, but for a field that a later protocol added', () => {
    const accepted = messages.flatMap(({ message, isStreaming }) => {
      const lengths = Array.from({ length: message.length }, (_, length) => length)
      return lengths
        .map((length) => ({
          kind: kindOf(message),
          length,
          result: outcome(readerWithin(isStreaming), message.subarray(0, length)),
        }))
        .filter(({ result }) => result !== violation)
    })
    // The new row ends with its message: that it is cut off is found when it is decoded.
    const isExpected = ({ kind, length, result }: (typeof accepted)[number]) =>
      result === 'read' && (kind === 'I' || kind === 'U' || (kind === 'A' && length === 9))
    expect(accepted.filter((each) => !isExpected(each))).toEqual([])
  })

  test('are refused with bytes after their end, but for a new row', () => {
    const results = messages.map(({ message, isStreaming }) => ({
      kind: kindOf(message),
      result: outcome(readerWithin(isStreaming), Buffer.concat([message, Buffer.from([0])])),
    }))
    const accepted = results.filter(({ result }) => result !== violation).map(({ kind }) => kind)
    expect([...new Set(accepted)].toSorted()).toEqual(['I', 'U'])
  })

  test('are read or refused whatever the damage, and never otherwise', () => {
    const damage = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)))
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.array(damage, { minLength: 1, maxLength: 4 }), (sent, damages) => {
        const damaged = Buffer.from(sent.message)
        for (const [at, value] of damages) damaged[at % damaged.length] = value
        fc.pre(!isBlockMark(damaged))
        expect(['read', violation]).toContain(outcome(readerWithin(sent.isStreaming), damaged))
      }),
      { numRuns: 2000 },
    )
  })
})

test('random bytes are read or refused', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Buffer.from('BCORYTMcAbPpKrIUDx\0')),
      fc.uint8Array({ maxLength: 60 }),
      (kind, rest) => {
        expect(['read', violation]).toContain(outcome(new PgoutputReader(), Buffer.from([kind, ...rest])))
      },
    ),
    { numRuns: 2000 },
  )
})

test('streamed blocks neither nest nor end twice, and hold no whole transactions', () => {
  const start = Buffer.from('530000000101', 'hex')
  const stop = Buffer.from('45', 'hex')
  const begin = Buffer.concat([Buffer.from('B'), Buffer.alloc(20)])
  const commit = Buffer.concat([Buffer.from('c'), Buffer.alloc(29)])
  const outcomes = (sent: readonly Buffer[]) => {
    try {
      return describeMessages(sent).length
    } catch (error) {
      return (error as EclusaError).code
    }
  }
  expect(outcomes([start, stop, start, stop, begin, commit])).toBe(6)
  for (const sent of [[start, start], [stop], [start, stop, stop], [start, begin], [start, commit]]) {
    expect(outcomes(sent)).toBe(violation)
  }
})

/* Messages made of random fields, by an encoder that follows the documentation, field by field. */

const epochUs = 946_684_800_000_000n
const uint32 = fc.nat(0xffff_ffff)
const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const timeUs = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n })
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.isWellFormed() && !text.includes('\0'))

const u8 = (value: number) => Buffer.from([value])
const u16 = (value: number) => Buffer.from([value >> 8, value & 255])
const u32 = (value: number) => Buffer.from(new Uint32Array([value]).buffer).swap32()
const u64 = (value: bigint) => Buffer.from(new BigUint64Array([value]).buffer).swap64()
const time = (value: bigint) => u64(BigInt.asUintN(64, value - epochUs))
const cstring = (text: string) => Buffer.from(`${text}\0`)

const identities = { default: 'd', nothing: 'n', full: 'f', index: 'i' } as const
const column = fc.record({ name, isKey: fc.boolean(), typeOid: uint32, typmod: fc.integer() })

const message: fc.Arbitrary<PgoutputMessage> = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), finalLsn: lsn, committedAtUs: timeUs, xid: uint32 }),
  fc.record({ kind: fc.constant('commit' as const), commitLsn: lsn, endLsn: lsn, committedAtUs: timeUs }),
  fc.record({ kind: fc.constant('origin' as const), originLsn: lsn, name }),
  fc.record({
    kind: fc.constant('relation' as const),
    streamXid: fc.constant(0),
    relationId: uint32,
    schemaName: name,
    name,
    replicaIdentity: fc.constantFrom(...(Object.keys(identities) as (keyof typeof identities)[])),
    columns: fc.array(column, { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('truncate' as const),
    streamXid: fc.constant(0),
    relationIds: fc.array(uint32, { maxLength: 4 }),
    isCascade: fc.boolean(),
    restartsIdentity: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('message' as const),
    streamXid: fc.constant(0),
    isTransactional: fc.boolean(),
    lsn,
    prefix: name,
    content: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({
    kind: fc.constant('rollback-prepared' as const),
    prepareEndLsn: lsn,
    rollbackEndLsn: lsn,
    preparedAtUs: timeUs,
    rolledBackAtUs: timeUs,
    xid: uint32,
    globalId: name,
  }),
)

function encode(value: PgoutputMessage): Buffer {
  switch (value.kind) {
    case 'begin':
      return Buffer.concat([Buffer.from('B'), u64(value.finalLsn), time(value.committedAtUs), u32(value.xid)])
    case 'commit':
      return Buffer.concat([
        Buffer.from('C'),
        u8(0),
        u64(value.commitLsn),
        u64(value.endLsn),
        time(value.committedAtUs),
      ])
    case 'origin':
      return Buffer.concat([Buffer.from('O'), u64(value.originLsn), cstring(value.name)])
    case 'relation': {
      const head = [Buffer.from('R'), u32(value.relationId), cstring(value.schemaName), cstring(value.name)]
      const columns = value.columns.map((each) =>
        Buffer.concat([u8(each.isKey ? 1 : 0), cstring(each.name), u32(each.typeOid), u32(each.typmod)]),
      )
      return Buffer.concat([...head, Buffer.from(identities[value.replicaIdentity]), u16(columns.length), ...columns])
    }
    case 'truncate': {
      const options = (value.isCascade ? 1 : 0) + (value.restartsIdentity ? 2 : 0)
      return Buffer.concat([
        Buffer.from('T'),
        u32(value.relationIds.length),
        u8(options),
        ...value.relationIds.map(u32),
      ])
    }
    case 'message': {
      const head = [Buffer.from('M'), u8(value.isTransactional ? 1 : 0), u64(value.lsn), cstring(value.prefix)]
      return Buffer.concat([...head, u32(value.content.length), value.content])
    }
    case 'rollback-prepared': {
      const positions = [Buffer.from('r'), u8(0), u64(value.prepareEndLsn), u64(value.rollbackEndLsn)]
      const times = [time(value.preparedAtUs), time(value.rolledBackAtUs)]
      return Buffer.concat([...positions, ...times, u32(value.xid), cstring(value.globalId)])
    }
    default:
      throw new Error(`There is no encoder for ${value.kind}.`)
  }
}

test('the fields of a message are those that were written', () => {
  fc.assert(
    fc.property(message, (value) => {
      const { wire, start, end } = wireOf(encode(value), 8)
      const reader = new PgoutputReader()
      expect(reader.read(wire, start, end)).toBe(false)
      expect(reader.message()).toEqual(value)
    }),
    { numRuns: 500 },
  )
})

test('a change tells where its rows lie', () => {
  const key = [Buffer.from('K'), u16(2), Buffer.from('t'), u32(1), Buffer.from('1'), Buffer.from('n')]
  const row = [Buffer.from('N'), u16(2), Buffer.from('b'), u32(2), Buffer.from('ab'), Buffer.from('u')]
  const reader = new PgoutputReader()
  const { wire, start, end } = wireOf(Buffer.concat([Buffer.from('U'), u32(7), ...key, ...row]), 3)
  expect(reader.read(wire, start, end)).toBe(true)
  expect(reader).toMatchObject({
    kind: changeKind.update,
    streamXid: 0,
    relationId: 7,
    isKeyOnly: true,
    oldTuple: 3 + 6,
    oldTupleEnd: 3 + 6 + 9,
    newTuple: 3 + 6 + 10,
    newTupleEnd: end,
  })
})
