import {
  batchOf,
  changesOf,
  committedAtUs,
  copyOf,
  replicated,
  schemaOf,
  unchanged,
} from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { SnowflakeFixture } from '../../testing/snowflake-fixture.ts'

let fixture: SnowflakeFixture
beforeAll(async () => {
  fixture = await SnowflakeFixture.open()
})
afterAll(() => fixture[Symbol.asyncDispose]())
beforeEach(() => fixture.renew())

const of = replicated()

async function copied(rows: readonly (readonly unknown[])[], stream = of): Promise<void> {
  await using session = await fixture.open([stream])
  await session.startStream(stream.stream, { resumed: false })
  await session.write(copyOf(rows, stream))
  await session.copiedStream(stream.stream)
  await session.commit([{ stream: stream.stream, state: {} }])
}

async function applied(changes: readonly Change[], stream = of): Promise<void> {
  await using session = await fixture.open([stream])
  await session.startStream(stream.stream, { resumed: true })
  await session.write(changesOf(changes, stream))
  await session.commit([{ stream: stream.stream, state: {} }])
}

it('a value that was not sent and is nowhere is NULL, and _airbyte_meta and the log say so', async () => {
  await copied([[1, 'one']])
  await applied([
    { operation: 'update', row: [1, unchanged], position: 5n },
    { operation: 'update', row: [2, unchanged], position: 5n },
  ])
  expect(await fixture.rows('SELECT id, note, ARRAY_SIZE(_airbyte_meta:changes) FROM orders ORDER BY id')).toEqual([
    '1|one|0',
    '2|NULL|1',
  ])
  expect(await fixture.rows('SELECT _airbyte_meta:changes[0]:field::VARCHAR FROM orders WHERE id = 2')).toEqual([
    'note',
  ])
  expect(fixture.lines.join('\n')).toContain('were found in no earlier row')
})

it('what is said of a value goes with it from change to change', async () => {
  await copied([[1, 'one']])
  const told = changesOf([{ operation: 'update', row: [1, null], position: 5n }], of)
  const value = { row: 0, column: 'note', change: 'NULLED', reason: 'too odd', text: 'the text' } as const
  await using session = await fixture.open([of])
  await session.startStream(of.stream, { resumed: true })
  await session.write({ ...told, unrepresentable: [value] })
  await session.commit([])
  await session.write(changesOf([{ operation: 'update', row: [1, unchanged], position: 6n }], of))
  await session.commit([])
  const text = 'SELECT note, _airbyte_meta:changes[0]:value::VARCHAR, _ab_cdc_lsn FROM orders'
  expect(await fixture.rows(text)).toEqual(['NULL|the text|6'])
})

it('a change that comes again after its row was deleted does not bring the row back', async () => {
  await copied([[1, 'one']])
  await applied([{ operation: 'update', row: [1, 'uno'], position: 5n }])
  await applied([{ operation: 'delete', row: [1], position: 6n }])
  await applied([
    { operation: 'update', row: [1, 'uno'], position: 5n },
    { operation: 'insert', row: [3, 'three'], position: 7n },
  ])
  expect(await fixture.rows('SELECT id, note FROM orders')).toEqual(['3|three'])
})

it('a truncation is noted in a history for each row that was there', async () => {
  const history = replicated({ destinationSyncMode: 'append' })
  await copied([[1, 'one']], history)
  await using session = await fixture.open([history])
  await session.startStream(history.stream, { resumed: true })
  await session.write(changesOf([{ operation: 'insert', row: [2, 'two'], position: 5n }], history))
  await session.truncateStream(history.stream, { position: 6n, order: 0, committedAtUs: committedAtUs(6n) })
  await session.commit([])
  const rows = await fixture.rows(
    'SELECT id, _ab_cdc_lsn, _ab_cdc_deleted_at IS NOT NULL, LENGTH(_airbyte_raw_id) FROM orders ORDER BY _ab_cdc_lsn, id',
  )
  expect(rows).toEqual(['1|0|false|36', '2|5|false|36', '1|6|true|36', '2|6|true|36'])
})

it('a column of another type goes on in a new version, also within one commit', async () => {
  await copied([[1, 'one']])
  const changed = schemaOf({ id: 'int32', note: 'int64' }, 2)
  await using session = await fixture.open([of])
  await session.startStream(of.stream, { resumed: true })
  await session.write(changesOf([{ operation: 'insert', row: [2, 'two'], position: 5n }], of))
  await session.write(changesOf([{ operation: 'insert', row: [3, 33n], position: 6n }], of, changed))
  await session.commit([])
  expect(await fixture.rows('SELECT id, note, note_v2 FROM orders ORDER BY id')).toEqual([
    '1|one|NULL',
    '2|two|NULL',
    '3|NULL|33',
  ])
})

it('two columns that fold to one name are refused before anything is made', async () => {
  const twice = replicated({ columns: { id: 'int32', note: 'text', Note: 'text' } })
  await expect(fixture.open([twice])).rejects.toMatchObject({ code: 'COLUMN_NAME_COLLISION' })
})

it('a key that is NULL stops the stream', async () => {
  await using session = await fixture.open([of])
  await session.startStream(of.stream, { resumed: false })
  await expect(session.write(batchOf([[null, 'none']], of))).rejects.toMatchObject({ code: 'KEY_VALUE_NULL' })
})
