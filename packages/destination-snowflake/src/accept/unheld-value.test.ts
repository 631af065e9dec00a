import { createHash } from 'node:crypto'
import { changeOperation, createBatchBuilder } from '@eclusa/sdk'
import type { ChangeBatch, ConfiguredStream } from '@eclusa/sdk'
import { configured } from '@eclusa/warehouse/testing/load'
import { RecordBatch, Schema, Struct, Utf8, makeData } from 'apache-arrow'
import { expect, it } from 'vitest'
import { acceptBatch } from './accept-batch.ts'
import type { AcceptOptions } from './accept-batch.ts'

const columns = { id: 'int32', note: 'text', at: 'timestamp', document: 'json', photo: 'bytes' }

function stream(changes: Partial<ConfiguredStream> = {}): ConfiguredStream {
  return { ...configured({ syncMode: 'incremental', destinationSyncMode: 'append', columns }), ...changes }
}

function batchOf(rows: readonly (readonly unknown[])[]): ChangeBatch {
  const { stream: name, schema } = stream()
  const budget = { batchBytesMax: Infinity, batchRowsMax: Infinity }
  const builder = createBatchBuilder({ stream: name, schema, budget })
  for (const row of rows) builder.append([...row])
  return builder.finish()
}

function accept(batch: ChangeBatch, options: Partial<AcceptOptions> = {}) {
  const accepted = acceptBatch(batch, {
    configured: stream(),
    runId: 'r',
    generationId: 1,
    rawIds: { prefix: '00000000-0001-8abc-8def-12', first: 254 },
    nowMs: 0,
    valueBytesMax: 1000,
    ...options,
  })
  const rows = accepted.rows.toArray().map((row) => row.toJSON() as Record<string, unknown>)
  return { ...accepted, rows }
}

function changesOf(row: Record<string, unknown> | undefined): { field: string; value: string; detail: string }[] {
  const meta = JSON.parse(String(row?.['_airbyte_meta'])) as {
    changes: { field: string; value: string; detail: string }[]
  }
  return meta.changes
}

it('keeps the exact text of what is too long, as far as the meta itself has room for it', () => {
  const long = { note: 'n'.repeat(1001), document: `"${'d'.repeat(2000)}"`, photo: new Uint8Array(501) }
  const { rows, unheldCount } = accept(
    batchOf([
      [1, long.note, null, null, long.photo],
      [2, 'short', null, long.document, null],
      [3, 'n'.repeat(1000), null, null, new Uint8Array(500)],
    ]),
    { valueBytesMax: 1000 },
  )
  expect(unheldCount).toBe(3)
  expect(rows.map(({ note, document, photo }) => [note === null, document === null, photo === null])).toEqual([
    [true, true, true],
    [false, true, true],
    [false, true, false],
  ])
  // Small texts stay even there: only those of more than 64 KiB are told by their hash.
  expect(changesOf(rows[1])).toMatchObject([{ field: 'document', value: long.document }])
  const huge = 'h'.repeat(70_000)
  const [row] = accept(batchOf([[1, huge, null, null, null]])).rows
  const hash = createHash('sha256').update(huge).digest('hex')
  expect(changesOf(row)).toMatchObject([
    { field: 'note', value: `sha256:${hash}`, detail: expect.stringContaining('70000 bytes') },
  ])
})

it('takes bytes that are no text away from the encoder, which looks below NULLs too', () => {
  const batch = batchOf([
    [1, 'ab', null, null, null],
    [2, 'cd', null, null, null],
  ])
  const { data } = batch.records
  const note = data.children.at(1)!
  const values = (note.values as Uint8Array).slice()
  values[2] = 0xff
  const broken = makeData({ type: new Utf8(), length: 2, valueOffsets: note.valueOffsets as Int32Array, data: values })
  const children = [data.children.at(0)!, broken, ...data.children.slice(2)]
  const { fields } = batch.records.schema
  const records = new RecordBatch(new Schema(fields), makeData({ type: new Struct(fields), length: 2, children }))
  const { rows, unheldCount } = accept({ ...batch, records })
  expect(unheldCount).toBe(1)
  expect(rows.map((row) => row['note'])).toEqual(['ab', null])
  expect(changesOf(rows[1])).toMatchObject([{ field: 'note', value: '\\xff64', detail: 'the text is not UTF-8' }])
})

it('leaves the buffers of the batch as they are: they may be shared', () => {
  const batch = batchOf([[1, 'x', 'infinity', '{"a":1,"a":1}', null]])
  const before = structuredClone(batch.records.data.children.map(({ values, nullBitmap }) => [values, nullBitmap]))
  accept(batch)
  expect(batch.records.data.children.map(({ values, nullBitmap }) => [values, nullBitmap])).toEqual(before)
})

it('stops where the policy says so, and always at a key by which rows are merged', () => {
  const batch = batchOf([[1, 'x', 'infinity', null, null]])
  expect(() => accept(batch, { configured: stream({ onUnrepresentable: 'fail' }) })).toThrow(
    expect.objectContaining({ code: 'UNREPRESENTABLE_VALUE', message: expect.stringContaining('column "at"') }),
  )
  const merged = stream({ destinationSyncMode: 'append_dedup', primaryKey: ['at'] })
  expect(() => accept(batch, { configured: merged })).toThrow(
    expect.objectContaining({ code: 'UNREPRESENTABLE_VALUE', message: expect.stringContaining('key column "at"') }),
  )
})

it('numbers rows, and says of changes what they are and where they stand', () => {
  const batch = batchOf([
    [1, 'a', null, null, null],
    [2, null, null, null, null],
  ])
  const changes = {
    operations: Uint8Array.of(changeOperation.update, changeOperation.delete),
    positions: BigInt64Array.of(7n, 8n),
    orders: Int32Array.of(0, 3),
    committedAtUs: BigInt64Array.of(1_000_000n, 2_000_000n),
    unchanged: [],
  }
  const merged = { firstRow: 40, unchangedWords: [undefined, Int32Array.of(5, 0)] }
  const { rows } = accept({ ...batch, changes }, { merged })
  expect(rows).toMatchObject([
    {
      _ab_cdc_lsn: 7n,
      _ab_cdc_order: 0,
      _ab_cdc_deleted_at: null,
      _airbyte_raw_id: '00000000-0001-8abc-8def-1200000000fe',
      _airbyte_meta: '{"sync_id":"r","changes":[]}',
      _eclusa_operation: changeOperation.update,
      _eclusa_row: 40,
      _eclusa_unchanged_0: 0,
      _eclusa_unchanged_1: 5,
    },
    {
      _ab_cdc_lsn: 8n,
      _ab_cdc_order: 3,
      _airbyte_raw_id: '00000000-0001-8abc-8def-1200000000ff',
      _eclusa_operation: changeOperation.delete,
      _eclusa_row: 41,
    },
  ])
  expect(rows[1]?.['_ab_cdc_deleted_at']).not.toBeNull()
})
