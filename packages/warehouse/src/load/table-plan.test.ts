import { hasErrorCode, parseColumnType } from '@eclusa/sdk'
import type { ColumnType, SchemaPolicy } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { duckdbDialect } from '../duckdb/dialect.ts'
import { rowColumns } from './metadata-column.ts'
import { planTable } from './table-plan.ts'
import { foldCase } from './table-rules.ts'
import type { TableRules } from './table-rules.ts'
import type { TablePlan } from './table-plan.ts'

type Columns = Readonly<Record<string, string>>

interface Case {
  readonly source: Columns
  /** Data columns of the table in DuckDB's types; undefined when there is no table. */
  readonly table?: Columns
  readonly versions?: Columns
  readonly policy?: SchemaPolicy
  readonly replaces?: boolean
}

const rules: TableRules = {
  dialect: duckdbDialect,
  warehouseName: 'DuckDB',
  fold: foldCase,
  nameOf: (name) => name,
  widensInPlace: () => true,
}

function typeOf(text: string): ColumnType {
  const type = parseColumnType(text)
  if (type === undefined) throw new Error(`no column type: ${text}`)
  return type
}

function plan({ source, table, versions = {}, policy = 'evolve', replaces = false }: Case): TablePlan {
  const metadata = rowColumns.map(({ name, type }) => [name, duckdbDialect.sqlTypeOf(type)] as const)
  const columns = table && [...Object.entries(table), ...metadata]
  return planTable({
    rules,
    stream: { name: 's' },
    columns: Object.entries(source).map(([name, type]) => ({ name, type: typeOf(type), nullable: true })),
    metadata: rowColumns,
    table: columns?.map(([name, sqlType]) => ({
      name,
      sqlType,
      columnType: duckdbDialect.columnTypeOf(sqlType),
      nullable: true,
    })),
    versions: new Map(Object.entries(versions)),
    policy,
    replaces,
  })
}

/** `name TYPE <- where its values come from`, metadata left out. */
function shape({ columns }: TablePlan): string[] {
  return columns
    .filter(({ origin }) => origin.kind !== 'metadata')
    .map(({ name, sqlType, origin }) => `${name} ${sqlType} <- ${origin.kind === 'source' ? origin.index : 'nothing'}`)
}

function changes(of: TablePlan): string[] {
  return of.changes.map(({ kind, column, sqlType }) => `${kind} ${column} ${sqlType}`)
}

function differencesOf(one: Case): unknown {
  try {
    plan(one)
  } catch (error) {
    if (hasErrorCode(error, 'SCHEMA_CHANGED')) return error.details['differences']
    throw error
  }
  return undefined
}

describe('planTable', () => {
  it('gives a new table the columns of the stream and the metadata after them', () => {
    const { columns, changes: none } = plan({ source: { a: 'int32', b: 'list<json>' } })
    expect(columns.map(({ name, sqlType }) => `${name} ${sqlType}`)).toEqual([
      'a INTEGER',
      'b JSON[]',
      '_airbyte_raw_id UUID',
      '_airbyte_extracted_at TIMESTAMP WITH TIME ZONE',
      '_airbyte_meta JSON',
      '_airbyte_generation_id BIGINT',
    ])
    expect(none).toEqual([])
  })

  it('changes nothing when table and stream agree, in whatever order and case', () => {
    const result = plan({ source: { a: 'int32', B: 'text' }, table: { b: 'VARCHAR', A: 'INTEGER' } })
    expect(shape(result)).toEqual(['b VARCHAR <- 1', 'A INTEGER <- 0'])
    expect(result).toMatchObject({ changes: [], notes: [] })
  })

  it('adds new columns and keeps those that are gone', () => {
    const result = plan({ source: { a: 'int32', c: 'date' }, table: { a: 'INTEGER', b: 'VARCHAR' } })
    expect(shape(result)).toEqual(['a INTEGER <- 0', 'b VARCHAR <- nothing', 'c DATE <- 1'])
    expect(changes(result)).toEqual(['add c DATE'])
    expect(result.notes).toEqual(['Column "b" is no longer in the source: it is kept and gets NULL.'])
  })

  it.each([
    ['int16', 'INTEGER', []],
    ['int64', 'INTEGER', ['widen a BIGINT']],
    ['float32', 'DOUBLE', []],
    ['float64', 'FLOAT', ['widen a DOUBLE']],
    ['decimal(12,4)', 'DECIMAL(10,2)', ['widen a DECIMAL(12,4)']],
    ['decimal(10,2)', 'DECIMAL(12,4)', []],
    ['decimal(12,6)', 'DECIMAL(10,2)', ['add a_v2 DECIMAL(12,6)']],
    ['decimal(12,2)', 'INTEGER', ['widen a DECIMAL(12,2)']],
    ['decimal(11,2)', 'INTEGER', ['add a_v2 DECIMAL(11,2)']],
    ['list<int64>', 'INTEGER[]', ['widen a BIGINT[]']],
    ['text', 'INTEGER', ['add a_v2 VARCHAR']],
    ['int32', 'VARCHAR', ['add a_v2 INTEGER']],
    ['timestamptz', 'TIMESTAMP', ['add a_v2 TIMESTAMP WITH TIME ZONE']],
    ['json', 'VARCHAR', ['add a_v2 JSON']],
    ['int64', 'HUGEINT', ['add a_v2 BIGINT']],
  ])('follows a stream of %s into a column of %s', (source, table, expected) => {
    expect(changes(plan({ source: { a: source }, table: { a: table } }))).toEqual(expected)
  })

  it('writes to the highest version, and makes one that is still free', () => {
    const table = { a: 'INTEGER', a_v2: 'VARCHAR', a_v3: 'DATE' }
    const versions = { a_v2: 'a', a_v3: 'A' }
    expect(shape(plan({ source: { a: 'date' }, table, versions }))).toEqual([
      'a INTEGER <- nothing',
      'a_v2 VARCHAR <- nothing',
      'a_v3 DATE <- 0',
    ])
    expect(changes(plan({ source: { a: 'int32' }, table, versions }))).toEqual(['add a_v4 INTEGER'])
    const taken = plan({ source: { a: 'text', a_v2: 'date' }, table: { a: 'INTEGER', a_v2: 'DATE' } })
    expect(shape(taken)).toEqual(['a INTEGER <- nothing', 'a_v2 DATE <- 1', 'a_v3 VARCHAR <- 0'])
  })

  it('takes the types as they are where a new table replaces the old one', () => {
    const result = plan({
      source: { a: 'text', b: 'int16', d: 'date' },
      table: { a: 'INTEGER', b: 'BIGINT', c: 'VARCHAR' },
      replaces: true,
    })
    expect(shape(result)).toEqual(['a VARCHAR <- 0', 'b SMALLINT <- 1', 'c VARCHAR <- nothing', 'd DATE <- 2'])
    expect(result.columns.at(-1)?.name).toBe('_airbyte_generation_id')
  })

  it.each([true, false])('freezes the columns (replaces: %s)', (replaces) => {
    const frozen = { policy: 'freeze', replaces } as const
    expect(differencesOf({ ...frozen, source: { a: 'int32' }, table: { a: 'INTEGER' } })).toBeUndefined()
    const differences = differencesOf({
      ...frozen,
      source: { a: 'int64', b: 'int16', d: 'date' },
      table: { a: 'INTEGER', b: 'BIGINT', c: 'VARCHAR' },
    })
    expect(differences).toEqual([
      'column "a" changed from INTEGER to BIGINT',
      'column "b" changed from BIGINT to SMALLINT',
      'column "d" (date) is new',
      'column "c" is gone',
    ])
  })

  it.each([true, false])('discards new columns, and only those (replaces: %s)', (replaces) => {
    const discarding = { policy: 'discard', replaces } as const
    const result = plan({ ...discarding, source: { a: 'int16', d: 'date' }, table: { a: 'INTEGER', c: 'VARCHAR' } })
    expect(shape(result)).toEqual(['a INTEGER <- 0', 'c VARCHAR <- nothing'])
    expect(result.notes[0]).toContain('"d" is new in the source and left out')
    const differences = differencesOf({ ...discarding, source: { a: 'int64' }, table: { a: 'INTEGER' } })
    expect(differences).toEqual(['column "a" changed from INTEGER to BIGINT'])
  })
})
