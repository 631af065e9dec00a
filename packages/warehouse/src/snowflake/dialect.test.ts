import { EclusaError, formatColumnType } from '@eclusa/sdk'
import type { ColumnType, SqlValue } from '@eclusa/sdk'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dialectOf } from '../dialect-of.ts'
import { snowflakeDialect as dialect, snowflakeStatements } from './dialect.ts'
import { foldedSnowflakeName } from './identifier.ts'

// The text alone: no account can be reached, so whether Snowflake agrees is not shown here.

const orders = { database: 'Shop', schema: 'staging', identifier: 'orders' }
const news = { ...orders, identifier: 'orders__new' }

describe('Snowflake', () => {
  it('is the dialect of its warehouse', () => {
    expect(dialectOf({ type: 'snowflake' })).toBe(dialect)
  })

  it('quotes every name, so that none is folded', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), (name) => {
        fc.pre(!name.includes('\0'))
        const quoted = dialect.quoteIdentifier(name)
        expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(name)
        expect(quoted.slice(1, -1).replaceAll('""', '')).not.toContain('"')
      }),
    )
  })

  it.each(['', 'nul\0inside', 'ä'.repeat(256)])('refuses the name %j', (name) => {
    expect(() => dialect.quoteIdentifier(name)).toThrow(EclusaError)
  })

  it('counts characters of a name, not bytes', () => {
    expect(dialect.quoteIdentifier('😀'.repeat(255))).toHaveLength(2 + 2 * 255)
  })

  it.each([
    ['orders', 'ORDERS'],
    ['Order_1$', 'ORDER_1$'],
    ['a b', undefined],
    ['1a', undefined],
    ['é', undefined],
  ])('folds %j to %j', (name, folded) => {
    expect(foldedSnowflakeName(name)).toBe(folded)
  })

  it.each<[SqlValue, string]>([
    [null, 'NULL'],
    [true, 'TRUE'],
    [12, '12'],
    [-0, "'-0'::FLOAT"],
    [0.1, "'0.1'::FLOAT"],
    [1e21, "'1e+21'::FLOAT"],
    [Number.NaN, "'NaN'::FLOAT"],
    [-Infinity, "'-inf'::FLOAT"],
    [-(10n ** 38n) + 1n, `-${'9'.repeat(38)}`],
    ["it's", "'it''s'"],
    ['C:\\new', String.raw`'C:\\new'`],
    ['a\x001', String.raw`'a\u00001'`],
    ['line\n', "'line\n'"],
    [new Uint8Array([0, 255]), "TO_BINARY('00ff', 'HEX')"],
  ])('writes %s', (value, literal) => {
    expect(dialect.quoteLiteral(value)).toBe(literal)
  })

  it('refuses an integer that NUMBER cannot hold', () => {
    expect(() => dialect.quoteLiteral(10n ** 38n)).toThrow(/38 digits/u)
  })

  it.each<[ColumnType, string, string?]>([
    [{ type: 'boolean' }, 'BOOLEAN'],
    [{ type: 'int16' }, 'NUMBER(5,0)'],
    [{ type: 'int32' }, 'NUMBER(10,0)'],
    [{ type: 'int64' }, 'NUMBER(19,0)'],
    [{ type: 'decimal', precision: 12, scale: 2 }, 'NUMBER(12,2)'],
    [{ type: 'decimal', precision: 38, scale: 37 }, 'NUMBER(38,37)'],
    [{ type: 'decimal', precision: 38, scale: 38 }, 'VARCHAR(134217728)', 'text'],
    [{ type: 'float32' }, 'FLOAT', 'float64'],
    [{ type: 'float64' }, 'FLOAT'],
    [{ type: 'text' }, 'VARCHAR(134217728)'],
    [{ type: 'bytes' }, 'BINARY(67108864)'],
    [{ type: 'date' }, 'DATE'],
    [{ type: 'time' }, 'TIME(6)'],
    [{ type: 'timetz' }, 'VARCHAR(134217728)', 'text'],
    [{ type: 'timestamp' }, 'TIMESTAMP_NTZ(6)'],
    [{ type: 'timestamptz' }, 'TIMESTAMP_TZ(6)'],
    [{ type: 'interval' }, 'VARCHAR(134217728)', 'text'],
    [{ type: 'uuid' }, 'VARCHAR(134217728)', 'text'],
    [{ type: 'json' }, 'VARIANT'],
    [{ type: 'list', element: { type: 'int32' } }, 'ARRAY', 'list<json>'],
  ])('gives a column of %j the type %s', (type, sqlType, folded) => {
    expect(dialect.sqlTypeOf(type)).toBe(sqlType)
    expect(formatColumnType(dialect.columnTypeOf(sqlType)!)).toBe(folded ?? formatColumnType(type))
  })

  it.each(['VARCHAR(20)', 'NUMBER(38,39)', 'TIMESTAMP_LTZ(9)', 'GEOGRAPHY'])('takes %s for nobody’s', (sqlType) => {
    expect(dialect.columnTypeOf(sqlType)).toBeUndefined()
  })

  it('writes each statement as its golden', () => {
    const write = { target: orders, source: news, key: ['id', 'no'], columns: ['id', 'no', 'Sum'] }
    expect({
      createSchema: dialect.createSchema('staging', 'Shop'),
      dropSchema: [dialect.dropSchema('staging'), dialect.dropSchema('staging', { database: 'Shop', cascade: true })],
      createTable: dialect.createTable(orders, [{ name: 'id', sqlType: 'NUMBER(19,0)', nullable: false }], {
        ifNotExists: true,
      }),
      createTemporary: dialect.createTable(orders, [{ name: 'id', sqlType: 'DATE' }], { temporary: true }),
      createTableAs: dialect.createTableAs(orders, 'SELECT 1 AS id'),
      createView: dialect.createView(orders, 'SELECT 1 AS id', { replace: true }),
      drop: (['table', 'view', 'materialized_view', 'foreign_table'] as const).map((kind) =>
        dialect.dropRelation(orders, kind),
      ),
      truncate: dialect.truncate(orders),
      rename: dialect.rename(orders, 'table', 'orders__old'),
      replaceTable: dialect.replaceTable(orders, news),
      columns: [
        dialect.addColumn(orders, { name: 'a', sqlType: 'DATE' }),
        dialect.dropColumn(orders, 'a'),
        dialect.renameColumn(orders, 'a', 'b'),
        dialect.alterColumnType(orders, 'a', 'NUMBER(38,0)'),
      ],
      deleteInsert: dialect.deleteInsert(write),
      deleteInsertNulls: dialect.deleteInsert({ ...write, nullsMatch: true })[0],
      merge: dialect.merge(write),
      mergeInsertOnly: dialect.merge({ ...write, columns: write.key }),
      transient: snowflakeStatements.createTransientTableAs(orders, 'SELECT 1 AS id'),
      clone: [
        snowflakeStatements.cloneTable(orders, news),
        snowflakeStatements.cloneTable(orders, news, { transient: true }),
      ],
      swap: snowflakeStatements.swapTables(orders, news),
      comments: [
        snowflakeStatements.commentOnRelation(orders, 'view', "it's"),
        snowflakeStatements.commentOnColumn(orders, 'Sum', 'a\\b'),
      ],
    }).toMatchSnapshot()
  })

  it.each([
    [{ code: '002003', sqlState: '02000' }, '002003', 'statement'],
    [{ code: 604 }, '000604', 'cancelled'],
    [{ code: '000625' }, '000625', 'conflict'],
    [{ code: 390_111 }, '390111', 'connection'],
    [{}, undefined, 'statement'],
  ])('knows %j for %s, a failure of the kind %s', (facts, code, kind) => {
    expect(dialect.classifyError(Object.assign(new Error('no'), facts), 'SELECT 1')).toMatchObject({ code, kind })
  })

  it('points at the place that Snowflake names', () => {
    const error = Object.assign(
      new Error("SQL compilation error:\nsyntax error line 2 at position 2 unexpected 'x'."),
      {
        code: '001003',
      },
    )
    expect(dialect.classifyError(error, 'SELECT\n  x').position).toBe(10)
    expect(dialect.classifyError(new Error('line 9 at position 0'), 'SELECT 1').position).toBeUndefined()
  })
})
