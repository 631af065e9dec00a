import { expect, test } from 'vitest'
import { defineStream } from './define-stream.ts'

test('describes a stream by names and types alone', () => {
  expect(defineStream({ name: 'notes', columns: { id: 'int64', price: 'decimal(12,2)' }, primaryKey: ['id'] })).toEqual(
    {
      stream: { name: 'notes' },
      kind: 'query',
      schema: {
        version: 1,
        columns: [
          { name: 'id', type: { type: 'int64' }, nullable: false },
          { name: 'price', type: { type: 'decimal', precision: 12, scale: 2 }, nullable: true },
        ],
      },
      syncModes: ['full_refresh'],
      primaryKey: ['id'],
      cursorCandidates: [],
      isResumable: false,
      notes: [],
    },
  )
})

test('lets every default be replaced', () => {
  const column = { type: { type: 'text' }, nullable: false, sourceType: 'citext' } as const
  const stream = defineStream({
    namespace: 'crm',
    name: 'people',
    kind: 'table',
    columns: { name: column },
    syncModes: ['incremental'],
    cursorCandidates: ['name'],
    cursorChoice: 'optional',
    defaultCursor: 'name',
    isResumable: true,
    notes: ['hidden rows'],
  })
  expect(stream).toMatchObject({
    stream: { namespace: 'crm', name: 'people' },
    kind: 'table',
    schema: { columns: [{ name: 'name', ...column }] },
    syncModes: ['incremental'],
    cursorCandidates: ['name'],
    cursorChoice: 'optional',
    defaultCursor: 'name',
    isResumable: true,
    notes: ['hidden rows'],
  })
})

test('refuses what is no column type', () => {
  expect(() => defineStream({ name: 'notes', columns: { tags: 'list<words>' } })).toThrow(
    'column "tags" has the type "list<words>", which is no column type',
  )
})
