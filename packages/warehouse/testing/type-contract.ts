import { formatColumnType } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import type { DialectContract } from './contract.ts'

const types: readonly ColumnType[] = [
  ...(['boolean', 'int16', 'int32', 'int64', 'float32', 'float64', 'text', 'bytes', 'date', 'time'] as const),
  ...(['timetz', 'timestamp', 'timestamptz', 'interval', 'uuid', 'json'] as const),
].map((type) => ({ type }))

const parametrizedTypes: readonly ColumnType[] = [
  { type: 'decimal', precision: 1, scale: 0 },
  { type: 'decimal', precision: 12, scale: 2 },
  { type: 'decimal', precision: 38, scale: 38 },
  { type: 'list', element: { type: 'text' } },
  { type: 'list', element: { type: 'decimal', precision: 30, scale: 5 } },
  { type: 'list', element: { type: 'list', element: { type: 'timestamptz' } } },
]

export function describeTypes(contract: DialectContract): void {
  const { dialect, options, run, inMain } = contract
  describe('types', () => {
    it.each([...types, ...parametrizedTypes])('makes a column of $type that the catalog gives back', async (type) => {
      const relation = inMain('typed')
      await run(
        dialect.dropRelation(relation, 'table'),
        dialect.createTable(relation, [
          { name: 'a', sqlType: dialect.sqlTypeOf(type), nullable: false },
          { name: 'b', sqlType: dialect.sqlTypeOf(type) },
        ]),
      )
      const columns = await dialect.listColumns(contract.connection, relation)
      const expected = options.foldedTypes?.[formatColumnType(type)] ?? formatColumnType(type)
      expect(columns?.map(({ columnType }) => columnType && formatColumnType(columnType))).toEqual([expected, expected])
      expect(columns?.map(({ sqlType }) => sqlType)).toEqual([dialect.sqlTypeOf(type), dialect.sqlTypeOf(type)])
      expect(columns?.map(({ nullable }) => nullable)).toEqual([false, true])
    })
  })
}
