import { EclusaError } from '@eclusa/sdk'
import type { ChangeBatch } from '@eclusa/sdk'
import { describe, expect, test } from 'vitest'
import type { PostgresType } from '../postgres-type.ts'
import { planColumn } from './column-codec.ts'
import { createTextBatchBuilder } from './text-rows.ts'
import { typeOid } from './type-oid.ts'

const budget = { bytesMax: 2 ** 20, batchBytesMax: 2 ** 12, batchRowsMax: 10 }

function base(name: keyof typeof typeOid, typmod = -1): PostgresType {
  return { oid: typeOid[name], schema: 'pg_catalog', name, formatted: name, typmod, kind: 'base' }
}

function builderOf(...types: PostgresType[]) {
  const codecs = types.map((type) => planColumn(type))
  const columns = codecs.map(({ columnType, sourceType }, index) => {
    return { name: `c${index}`, type: columnType, nullable: true, sourceType }
  })
  return createTextBatchBuilder({ stream: { name: 'rows' }, schema: { version: 1, columns }, codecs, budget })
}

const rowsOf = (batch: ChangeBatch) => batch.records.numRows

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return EclusaError.isInstance(error) ? error.code : String(error)
  }
}

describe('a text batch builder', () => {
  test('returns a batch when the next row would exceed its rows, and the rest at the end', () => {
    const builder = builderOf(base('int4'))
    const sizes = Array.from({ length: 25 }, (_, row) => builder.append([String(row)]).map(rowsOf))
    expect(sizes.flat()).toEqual([10, 10])
    expect(
      builder
        .finish()
        ?.records.toArray()
        .map(({ c0 }) => c0),
    ).toEqual([20, 21, 22, 23, 24])
    expect(builder.finish()).toBeUndefined()
  })

  test('bounds batches in bytes, and lets a larger row travel alone', () => {
    const builder = builderOf(base('text'))
    const texts = ['a', 'b'.repeat(3000), 'c'.repeat(3000), 'd'.repeat(100_000), 'e']
    const sizes = texts.map((text) => builder.append([text]).map(rowsOf))
    expect([...sizes, builder.finish()?.records.numRows]).toEqual([[], [], [2], [1, 1], [], 1])
  })

  test('refuses a row with another number of values', () => {
    expect(codeOf(() => builderOf(base('int4')).append(['1', '2']))).toBe('POSTGRES_VALUE_MALFORMED')
  })

  test.each<[PostgresType, string[]]>([
    [base('bool'), ['', 'true', 'T', '1']],
    [base('int2'), ['', ' 1', '32768', '1.0', '1e3', 'x', '+1', '0x1']],
    [base('int4'), ['2147483648', '--1']],
    [base('int8'), ['9223372036854775808', '', '-', '12345678901234567890123']],
    [base('oid'), ['-1', '4294967296']],
    [base('xid8'), ['-1', '']],
    [base('float8'), ['', 'nan', '1,5', 'x']],
    [base('numeric', ((9 << 16) | 2) + 4), ['', '-', '.', '1.', '1e3', '1,5', ' 1', '1.2.3', '--1', '0x10']],
    [base('money'), ['', '$', 'x'.repeat(30)]],
    [base('bytea'), ['', '\\x0', '\\000', '00', '\\xAB']],
    [base('date'), ['', '2024-13-01', '2024-02-30', '01.02.2024', '2024-1-01', 'today', '20x4-01-01']],
    [base('time'), ['', '1:00:00', '12:00', '12:00:00.', '12:00:00.1234567', '12-00-00', '12:00:00+00']],
    [base('timetz'), ['12:00:00', '12:00:00Z', '']],
    [base('timestamp'), ['2024-01-01', '2024-01-01 12:00:00+00', '2024-01-01T12:00:00', 'now', '']],
    [base('timestamptz'), ['2024-01-01 12:00:00', '2024-01-01 12:00:00 UTC', '2024-01-01 12:00:00+0', 'BC', '']],
    [base('interval'), ['', '@ 1 day', '1 day ago', 'P1D', '1 fortnight']],
    [base('uuid'), ['', '0'.repeat(36), '00000000-0000-0000-0000-00000000000g', '0'.repeat(32)]],
    [
      { ...base('int4'), name: '_int4', oid: 1007, kind: 'array', element: base('int4') },
      ['', '{', '{x}', '{1', '{1}}', '{""}', '[1:1]'],
    ],
  ])('refuses what %j does not print', (type, texts) => {
    for (const text of texts) {
      expect([text, codeOf(() => builderOf(type).append([text]))]).toEqual([text, 'POSTGRES_VALUE_MALFORMED'])
    }
  })
})
