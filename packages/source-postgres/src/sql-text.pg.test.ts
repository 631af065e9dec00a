import { testServer } from '@eclusa/postgres-local/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createSourceDatabase } from '../testing/database.ts'
import { qualifiedName, quoteIdentifier, quoteLiteral } from './sql-text.ts'

const server = await testServer()

it('means to PostgreSQL what was quoted, whatever standard_conforming_strings is', async () => {
  await using database = await createSourceDatabase(server)
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('"', "'", '\\', '.', ' ', '$', '%'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 15,
  })
  const storable = text.filter(
    (value) => !value.includes('\0') && value.isWellFormed() && Buffer.byteLength(value) <= 63,
  )
  for (const setting of ['on', 'off']) {
    await database.run(`SET standard_conforming_strings = ${setting}`)
    await fc.assert(
      fc.asyncProperty(storable, async (value) => {
        const [row] = await database.run(
          `SELECT ${quoteLiteral(value)}, attname FROM (SELECT 1 AS ${quoteIdentifier(value)}) AS "a row of it", LATERAL (SELECT key AS attname FROM json_each_text(row_to_json("a row of it".*))) AS k`,
        )
        expect(row).toEqual([value, value])
      }),
      { numRuns: 60 },
    )
  }
})

it('qualifies names', () => {
  expect(qualifiedName({ schemaName: 'a.b', name: 'c"d' })).toBe('"a.b"."c""d"')
})
