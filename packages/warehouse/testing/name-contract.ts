import type { SqlValue } from '@eclusa/sdk'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DialectContract } from './contract.ts'

const hostileNames = [
  'a b',
  'select',
  'UPPER lower',
  'dot.dot',
  'quo"te',
  "it's",
  'é漢😀',
  '-',
  '$1',
  '?',
  'a;b',
  '\\',
  '%s\n',
]

export function describeNames(contract: DialectContract): void {
  const { dialect, options, run } = contract
  describe('names and literals', () => {
    it.each(hostileNames)('carries the name %j through schema, table, column and catalog', async (name) => {
      const relation = { schema: name, identifier: name }
      await run(
        dialect.createSchema(name),
        dialect.createTable(relation, [{ name, sqlType: dialect.sqlTypeOf({ type: 'int32' }) }]),
      )
      expect(await dialect.listSchemas(contract.connection)).toContain(name)
      const relations = await dialect.listRelations(contract.connection, name)
      expect(relations.map((one) => one.name.identifier)).toEqual([name])
      expect((await dialect.listColumns(contract.connection, relation))?.map((column) => column.name)).toEqual([name])
      await run(dialect.dropSchema(name, { cascade: true }))
      expect(await dialect.listSchemas(contract.connection)).not.toContain(name)
    })

    it.each(['', 'nul\0inside'])('refuses the name %j', (name) => {
      expect(() => dialect.quoteIdentifier(name)).toThrow(expect.objectContaining({ code: 'IDENTIFIER_INVALID' }))
    })

    it('refuses names that the warehouse would cut', () => {
      const { identifierBytesMax } = dialect
      if (identifierBytesMax === undefined) return
      expect(dialect.quoteIdentifier('a'.repeat(identifierBytesMax))).toContain('a')
      expect(() => dialect.quoteIdentifier('é'.repeat(identifierBytesMax))).toThrow(
        expect.objectContaining({ code: 'IDENTIFIER_INVALID' }),
      )
    })

    it('writes literals that read back as the same value', async () => {
      const { integerMax } = options.spelling
      const text = fc.string({ unit: 'binary' }).filter((value) => dialect.type !== 'postgres' || !value.includes('\0'))
      const value = fc.oneof(
        fc.constant(null),
        fc.boolean(),
        fc.integer({ min: -integerMax, max: integerMax }),
        fc.double(),
        // Smaller ones may come back as number: the warehouse gives a bare literal the narrowest type.
        fc.bigInt({ min: 2n ** 31n, max: 2n ** 63n - 1n }),
        fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 31n) - 1n }),
        text,
        fc.uint8Array(),
      )
      const property = fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const { rows } = await contract.connection.query(
          `SELECT ${values.map((one) => dialect.quoteLiteral(one)).join(', ')}`,
        )
        expect(rows[0]?.map(comparable)).toEqual(values.map(comparable))
      })
      await fc.assert(property, { numRuns: 100 })
    })
  })
}

/** NaN equals NaN here, and -0 is not 0. */
function comparable(value: SqlValue): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  return Object.is(value, -0) ? 'number -0' : `${typeof value} ${String(value)}`
}
