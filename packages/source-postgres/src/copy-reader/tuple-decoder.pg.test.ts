import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import { byteBudget, EclusaError } from '@eclusa/sdk'
import fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { captureCopy } from '../../testing/captured-copy.ts'
import { batchContents, copyOptions, planTable } from '../../testing/table-plan.ts'
import type { TablePlan } from '../../testing/table-plan.ts'
import { BatchBuilder } from '../codec/batch-builder.ts'
import { createBufferPool } from '../codec/buffer-pool.ts'
import { sentAsText } from '../codec/textual.ts'
import { valueFault } from '../codec/value-fault.ts'
import { generatedGroups } from './generated-group.ts'
import { TupleDecoder, interpretedGroup } from './tuple-decoder.ts'
import type { GroupDecoder } from './tuple-decoder.ts'

/*
 * Messages that a server really sent, whole and damaged, through both decoders: they must agree about every one, and a
 * damaged message is either refused or, where the damage left it well-formed, decoded alike.
 */

const headerBytes = 19
/** Few rows, so that the many decoders of a test are made quickly. */
const budget = byteBudget({ bytesMax: 2 ** 20, readers: 1, batchRowsMax: 8 })
const fieldTypes = [
  'bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric(9,2)', 'numeric(30,7)', 'numeric', 'text', 'jsonb',
  'bytea', 'date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'uuid', 'oid', 'xid8', 'money', 'inet',
  'macaddr', 'varbit', 'int4[]', 'text[]', 'numeric(5,1)[]', 'int4range', '"char"', 'pg_lsn',
] // prettier-ignore

const row = [
  `true, -2, 3, 4, 1.5, -2.5e10, 1234.56, -12345678901234567.8901, 3.1400, 'text with é', '{"a": 1}'`,
  `'\\x00ff', '2024-02-29', '12:34:56.789', '01:02:03+04', '2024-02-29 12:00', '2024-02-29 12:00+00'`,
  `'1 mon -2 days 3 s', '00112233-4455-6677-8899-aabbccddeeff', 7, '8', '9.99', '10.0.0.0/8', '08:00:2b:01:02:03'`,
  `'10110', '{1,NULL,3}', '{a,"b c"}', '{1.5,2}', '[1,5)', 'x', '0/1'`,
].join(', ')

describe('tuple decoders', () => {
  let database: TestDatabase
  let client: Client
  let plan: TablePlan
  let header: Buffer
  let tuple: Buffer
  let nulls: Buffer
  let trailer: Buffer

  beforeAll(async () => {
    database = await (await testServer()).createDatabase()
    client = new Client({ connectionString: database.connectionString })
    await client.connect()
    await client.query(`CREATE TABLE fields (${fieldTypes.map((type, index) => `c${index} ${type}`).join(', ')})`)
    await client.query(`INSERT INTO fields VALUES (${row}), (${fieldTypes.map(() => 'NULL').join(', ')})`)
    plan = await planTable(client, 'fields')
    const messages = await captureCopy(client, copyOptions(client, plan).query)
    const [first, second, last] = messages.map((message) => message.subarray(5)) as [Buffer, Buffer, Buffer]
    header = first.subarray(0, headerBytes)
    tuple = first.subarray(headerBytes)
    nulls = second
    trailer = last
  })

  afterAll(async () => {
    await client.end()
    await database.drop()
  })

  function bothDecoders(): { name: string; builder: BatchBuilder; decoder: TupleDecoder }[] {
    const codecs = plan.codecs.map(({ selectAsText, value }) => (selectAsText ? sentAsText(value) : value))
    const make = (name: string, groupsOf: (builder: BatchBuilder) => readonly GroupDecoder[]) => {
      const pool = createBufferPool({ bytesMax: 2 ** 20 })
      const builder = new BatchBuilder({ stream: { name: 'fields' }, schema: plan.schema, budget, pool })
      const decoder = new TupleDecoder({ builder, groups: groupsOf(builder) })
      decoder.begin()
      return { name, builder, decoder }
    }
    return [
      make('generated', (builder) => generatedGroups(codecs, builder)!),
      make('interpreted', (builder) => [interpretedGroup(codecs, builder)]),
    ]
  }

  /** What each decoder makes of the messages: the contents of a batch, or the code of the error. */
  function outcomes(messages: readonly Buffer[]): unknown[] {
    const bytes = Buffer.concat([...messages.map(messageOf), Buffer.alloc(64)])
    const wire = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
    const end = bytes.length - 64
    return bothDecoders().map(({ builder, decoder }) => {
      try {
        const position = decoder.decode(wire, 0, end, 0)
        const contents = batchContents(builder.finish(decoder.rows))
        return { position, isEnded: decoder.isEnded, contents }
      } catch (error) {
        return codeOf(valueFault(plan.schema, decoder.faultyColumn, error))
      }
    })
  }

  test('agree about a whole tuple, nulls and the trailer', () => {
    const [generated, interpreted] = outcomes([tuple, nulls, tuple, trailer])
    expect(generated).toMatchObject({ isEnded: true, contents: { rows: 3 } })
    expect(interpreted).toEqual(generated)
    expect(header.toString('latin1', 0, 6)).toBe('PGCOPY')
  })

  test('refuse a tuple that ends anywhere before its end', () => {
    for (let length = 0; length < tuple.length; length++) {
      expect(outcomes([tuple.subarray(0, length), nulls])).toEqual(Array(2).fill('POSTGRES_VALUE_MALFORMED'))
    }
  })

  test('refuse a tuple with bytes after its end', () => {
    expect(outcomes([Buffer.concat([tuple, Buffer.from([0])])])).toEqual(Array(2).fill('POSTGRES_VALUE_MALFORMED'))
  })

  test('refuse every wrong count of fields, and every wrong length of a field', () => {
    for (const count of [0, 1, fieldTypes.length - 1, fieldTypes.length + 1, -1, -2, 32_767]) {
      const damaged = Buffer.from(tuple)
      damaged.writeInt16BE(count)
      expect(outcomes([damaged])).toEqual(Array(2).fill('POSTGRES_VALUE_MALFORMED'))
    }
    for (const at of fieldStarts(tuple)) {
      const length = tuple.readInt32BE(at)
      for (const wrong of [length + 1, length - 1, 0x7fff_ffff, -2, -0x8000_0000, tuple.length].filter(
        (n) => n !== -1,
      )) {
        const damaged = Buffer.from(tuple)
        damaged.writeInt32BE(wrong, at)
        expect(outcomes([damaged, nulls, tuple])).toEqual(Array(2).fill('POSTGRES_VALUE_MALFORMED'))
      }
    }
  })

  test('agree about any damage, and never fail with anything but a catalogued error', () => {
    const damage = fc.tuple(fc.nat(tuple.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)))
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        const damaged = Buffer.from(tuple)
        for (const [at, value] of damages) damaged[at] = value
        const [generated, interpreted] = outcomes([damaged, nulls])
        expect(interpreted).toEqual(generated)
        const isRefused = typeof generated === 'string'
        expect(isRefused ? generated : 'POSTGRES_').toMatch(/^POSTGRES_(VALUE_MALFORMED|TEXT_NOT_UTF8)?$/)
      }),
      { numRuns: 1000 },
    )
  })

  test('name the column whose value is malformed', () => {
    const damaged = Buffer.from(tuple)
    damaged[fieldStarts(tuple).at(fieldTypes.indexOf('jsonb'))! + 4] = 9
    const bytes = messageOf(damaged)
    const wire = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
    for (const { decoder } of bothDecoders()) {
      expect(() => decoder.decode(wire, 0, bytes.length, 0)).toThrow('unknown version')
      expect(plan.schema.columns[decoder.faultyColumn]?.sourceType).toBe('jsonb')
    }
  })

  test('stop before a message that is not complete', () => {
    const whole = Buffer.concat([messageOf(tuple), messageOf(nulls)])
    for (const missing of [1, 4, 5, 6, 20]) {
      const bytes = whole.subarray(0, whole.length - missing)
      const wire = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
      for (const { decoder } of bothDecoders()) {
        expect(decoder.decode(wire, 0, bytes.length, 0)).toBe(messageOf(tuple).length)
        expect(decoder.rows).toBe(1)
      }
    }
  })
})

function messageOf(payload: Buffer): Buffer {
  const message = Buffer.alloc(5 + payload.length)
  message.write('d')
  message.writeInt32BE(4 + payload.length, 1)
  payload.copy(message, 5)
  return message
}

/** Where the length of each field stands. */
function fieldStarts(tuple: Buffer): number[] {
  const starts: number[] = []
  for (let at = 2; at < tuple.length; at += 4 + Math.max(0, tuple.readInt32BE(at))) starts.push(at)
  return starts
}

function codeOf(error: unknown): string {
  return EclusaError.isInstance(error) ? error.code : String(error)
}
