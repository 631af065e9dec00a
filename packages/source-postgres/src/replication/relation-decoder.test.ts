import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { EclusaError, byteBudget } from '@eclusa/sdk'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { absentRows, decodeRows } from '../../testing/decoded-changes.ts'
import type { DecodeRowsOptions } from '../../testing/decoded-changes.ts'
import { wireOf } from '../../testing/pgoutput-capture.ts'
import { batchContents, printRows } from '../../testing/table-plan.ts'
import type { TablePlan } from '../../testing/table-plan.ts'
import { createBufferPool } from '../codec/buffer-pool.ts'
import { planColumn } from '../codec/column-codec.ts'
import { typeOid } from '../codec/type-oid.ts'
import { PgoutputReader } from './pgoutput-reader.ts'
import { RelationDecoder, isBinaryDecodable } from './relation-decoder.ts'

/* Rows made here, so that each kind of field can be put into each column; what servers send is in the other tests. */

const types = ['int4', 'text', 'jsonb', 'bytea', 'bool', 'int8', 'numeric', 'varbit', 'uuid'] as const
type Name = (typeof types)[number]

function planOf(names: readonly Name[]): TablePlan {
  const codecs = names.map((name) =>
    planColumn({ oid: typeOid[name], schema: 'pg_catalog', name, formatted: name, typmod: -1, kind: 'base' }),
  )
  const columns = codecs.map(({ columnType, sourceType }, index) => {
    return { name: names[index] ?? '', type: columnType, nullable: true, sourceType }
  })
  return { table: 'made', codecs, schema: { version: 1, columns } }
}

const u16 = (value: number) => Buffer.from([value >> 8, value & 255])
const u32 = (value: number) => Buffer.from(new Uint32Array([value]).buffer).swap32()

/** A field: `u`, `n`, or its kind and value. */
type Field = 'u' | 'n' | readonly ['t' | 'b', Uint8Array | string]

const fieldBytes = (field: Field) => {
  if (typeof field === 'string') return Buffer.from(field)
  const value = Buffer.from(field[1])
  return Buffer.concat([Buffer.from(field[0]), u32(value.length), value])
}
const tuple = (fields: readonly Field[]) => Buffer.concat([u16(fields.length), ...fields.map(fieldBytes)])
const insert = (fields: readonly Field[]) => Buffer.concat([Buffer.from('I'), u32(1), Buffer.from('N'), tuple(fields)])
const deleteByKey = (fields: readonly Field[]) =>
  Buffer.concat([Buffer.from('D'), u32(1), Buffer.from('K'), tuple(fields)])
/** The first column is the key. */
const relation = (names: readonly string[]) =>
  Buffer.concat([
    Buffer.from('R'),
    u32(1),
    Buffer.from('public\0made\0d'),
    u16(names.length),
    ...names.map((name, index) => Buffer.concat([u8(index === 0 ? 1 : 0), Buffer.from(`${name}\0`), u32(0), u32(0)])),
  ])
const u8 = (value: number) => Buffer.from([value])

const binary: Record<Name, Uint8Array> = {
  int4: u32(7),
  text: Buffer.from('texté'),
  jsonb: Buffer.from('\u0001{"a": 1}'),
  bytea: Buffer.from([0, 255]),
  bool: u8(1),
  int8: Buffer.concat([u32(1), u32(2)]),
  numeric: Buffer.from('000200000000000200011388', 'hex'),
  varbit: Buffer.concat([u32(3), u8(0xa0)]),
  uuid: Buffer.alloc(16, 0x1f),
}
const text: Record<Name, string> = {
  int4: '7',
  text: 'texté',
  jsonb: '{"a": 1}',
  bytea: '\\x00ff',
  bool: 't',
  int8: '4294967298',
  numeric: '1.50',
  varbit: '101',
  uuid: '1f1f1f1f-1f1f-1f1f-1f1f-1f1f1f1f1f1f',
}

const plan = planOf(types)
const decoders = ['generated', 'interpreted'] as const

const fieldOf = (name: Name, kind: string): Field =>
  kind === 'u' || kind === 'n' ? kind : kind === 'b' ? ['b', binary[name]] : ['t', text[name]]

function outcome(messages: readonly Uint8Array[], options: DecodeRowsOptions): unknown {
  try {
    const rows = decodeRows(messages, plan, options)
    return { contents: batchContents(rows.batch), absent: absentRows(rows) }
  } catch (error) {
    return EclusaError.isInstance(error) ? error.code : String(error)
  }
}

describe.each(decoders)('the %s decoder', (decoder) => {
  test('takes each kind of field in each column, in any mixture', () => {
    const kinds = fc.array(fc.constantFrom('u', 'n', 'b', 't'), { minLength: types.length, maxLength: types.length })
    fc.assert(
      fc.property(fc.array(kinds, { minLength: 1, maxLength: 20 }), (rowKinds) => {
        const messages = rowKinds.map((row) => insert(types.map((name, index) => fieldOf(name, row[index] ?? 'n'))))
        const rows = decodeRows([relation(types), ...messages], plan, { decoder })
        const values = rowKinds.map((row) =>
          types.map((name, index) => (row[index] === 'u' || row[index] === 'n' ? null : text[name])),
        )
        expect(printRows([rows.batch])).toEqual(values)
        expect(absentRows(rows)).toEqual(
          types.map((_, index) => rowKinds.flatMap((row, at) => (row[index] === 'u' ? [at] : []))),
        )
      }),
    )
  })

  test('marks all but the key of a key-only row as absent', () => {
    const key = deleteByKey(types.map((name, index) => (index === 0 ? ['b', binary[name]] : 'n')))
    const whole = insert(types.map((name) => ['b', binary[name]]))
    const rows = decodeRows([relation(types), whole, key, whole, key], plan, { decoder })
    expect(absentRows(rows)).toEqual([[], ...types.slice(1).map(() => [1, 3])])
    expect(printRows([rows.batch]).map(([first]) => first)).toEqual(['7', '7', '7', '7'])
  })

  test('finds columns by name, skips fields that no column takes, and marks columns that have no field', () => {
    const { schema, codecs } = planOf(['uuid', 'text', 'int4'])
    const names = ['int4', 'gone', 'text', 'nothing', 'same']
    const fields: Field[] = [['b', binary.int4], ['b', 'skipped'], ['t', 'kept'], 'u', 'n']
    const rows = decodeRows(
      [relation(names), insert(fields), insert(fields)],
      { table: 't', schema, codecs },
      { decoder },
    )
    expect(printRows([rows.batch])).toEqual([[null, 'kept', '7'], [null, 'kept', '7']]) // prettier-ignore
    expect(absentRows(rows)).toEqual([[0, 1], [], []])
  })

  test('refuses a row that is cut off anywhere, and one that goes on after its end', () => {
    const whole = insert(types.map((name, index) => fieldOf(name, index % 2 === 0 ? 'b' : 't')))
    for (let length = 1; length < whole.length; length++) {
      const result = outcome([relation(types), whole.subarray(0, length), whole], { decoder })
      expect({ length, result }).toEqual({
        length,
        result: expect.stringMatching(/^(POSTGRES_VALUE_MALFORMED|REPLICATION_PROTOCOL_VIOLATION)$/u),
      })
    }
    expect(outcome([relation(types), Buffer.concat([whole, u8(0)])], { decoder })).toBe('POSTGRES_VALUE_MALFORMED')
  })

  test('refuses another number of fields, an unknown kind of field, and a wrong length', () => {
    const nulls = types.map(() => 'n' as const)
    const results = [
      insert(nulls.slice(1)),
      insert([...nulls, 'n']),
      insert(['x' as 'n', ...nulls.slice(1)]),
      Buffer.concat([insert(nulls).subarray(0, 9), u8(0x62), u32(-1)]),
      Buffer.concat([insert(nulls).subarray(0, 9), u8(0x74), u32(-2)]),
    ].map((message) => outcome([relation(types), message], { decoder }))
    expect(results).toEqual([
      'REPLICATION_PROTOCOL_VIOLATION',
      'REPLICATION_PROTOCOL_VIOLATION',
      'POSTGRES_VALUE_MALFORMED',
      'POSTGRES_VALUE_MALFORMED',
      'POSTGRES_VALUE_MALFORMED',
    ])
  })

  test('names the column of a value that is malformed', () => {
    const fields = types.map((name) => fieldOf(name, 'n')).with(2, ['b', '\u0002{}'])
    expect(() => decodeRows([relation(types), insert(fields)], plan, { decoder })).toThrow('Column "jsonb"')
  })
})

test('both decoders agree about any damage', () => {
  const whole = insert(types.map((name, index) => fieldOf(name, index % 3 === 0 ? 't' : 'b')))
  const damage = fc.tuple(
    fc.integer({ min: 6, max: whole.length - 1 }),
    fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('ntub'))),
  )
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      const damaged = Buffer.from(whole)
      for (const [at, value] of damages) damaged[at] = value
      const [generated, interpreted] = decoders.map((decoder) =>
        outcome([relation(types), damaged, whole], { decoder }),
      )
      expect(interpreted).toEqual(generated)
      const code = typeof generated === 'string' ? generated : 'REPLICATION_'
      expect(code).toMatch(/^(POSTGRES_(VALUE|TEXT)|REPLICATION)_/)
    }),
    { numRuns: 500 },
  )
})

test('a batch is full by its rows, or by its bytes; and the decoder goes on with the next', () => {
  const fill = (rowsMax: number, batchBytesMax: number) => {
    const reader = new PgoutputReader()
    const head = wireOf(relation(types))
    reader.read(head.wire, head.start, head.end)
    const description = reader.message()
    if (description.kind !== 'relation') throw new Error('That is no relation.')
    const budget = { ...byteBudget({ bytesMax: 2 ** 20, readers: 1, batchRowsMax: rowsMax }), batchBytesMax }
    const pool = createBufferPool({ bytesMax: 2 ** 20 })
    const decoder = new RelationDecoder({ ...plan, relation: description, stream: { name: 'made' }, budget, pool })
    const { wire, start, end } = wireOf(insert(types.map((name) => ['b', binary[name]])))
    reader.read(wire, start, end)
    const sizes: number[] = []
    for (let row = 0; row < 1000; row++) {
      if (decoder.isFullFor(reader.newTupleEnd - reader.newTuple)) {
        decoder.decode(wire)
        sizes.push(decoder.finish().batch.records.numRows)
      }
      decoder.add(wire, reader.newTuple, reader.newTupleEnd, false)
    }
    decoder.decode(wire)
    return { sizes, last: decoder.finish().batch }
  }
  expect(fill(400, 2 ** 20).sizes).toEqual([400, 400])
  const { sizes, last } = fill(1000, 10_000)
  expect(sizes.length).toBeGreaterThan(5)
  expect(new Set(sizes).size).toBe(1)
  expect(last.byteLength).toBeLessThanOrEqual(10_000)
  expect(printRows([last])[0]).toEqual(types.map((name) => text[name]))
})

test('text stands for all where one type has no binary form here', () => {
  const range = planColumn({
    oid: 3904,
    schema: 'pg_catalog',
    name: 'int4range',
    formatted: '',
    typmod: -1,
    kind: 'range',
  })
  expect(isBinaryDecodable(plan.codecs)).toBe(true)
  expect(isBinaryDecodable([...plan.codecs, range])).toBe(false)
})

/** Makes a decoder in a process of its own, where V8's flags can be set. */
const script = `
  const { generatedFieldGroups } = await import('./field-group.ts')
  const options = { targets: [-1], columns: [], codecs: [], textCodecs: [] }
  console.log(generatedFieldGroups(options) === undefined ? 'interpreted' : 'generated')
`

test('code is generated where the runtime permits it, and only there', async () => {
  const under = async (...flags: string[]) => {
    const args = [...flags, '--no-warnings', '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
    return stdout.trim()
  }
  expect(await under()).toBe('generated')
  expect(await under('--disallow-code-generation-from-strings')).toBe('interpreted')
})
