import { compilationError } from '../engine/sql-error.ts'
import { isOptionTrue, optionText } from '../parse/ast-option.ts'
import { textLengthDefault } from '../catalog/sql-type.ts'
import { convert } from '../function/conversion.ts'
import type { TypedSql } from '../function/function-rule.ts'
import { quote } from '../function/sql-text.ts'
import type { CopyColumn, CopyIntoTableRequest } from './copy-request.ts'
import type { FileFormat } from './file-format.ts'
import type { StageRows } from './stage-rows.ts'

/** A column that a load fills, with where its values come from. */
export interface TargetValue {
  readonly column: CopyColumn
  readonly source: TypedSql
  /** Of the column's type, before its length and NULLs are looked at, and cut off where the statement asks for that. */
  readonly converted: string
  /** Characters that are too many for the column and are not cut off. */
  readonly lengthMax: number | undefined
}

export function targetValues(request: CopyIntoTableRequest, rows: StageRows): readonly TargetValue[] {
  return sourcesOf(request, rows).map(([column, source]) => {
    const sql = converted(column, source, request)
    return {
      column,
      source,
      converted: cut(column, sql, request),
      lengthMax: lengthMaxOf(column, request),
    }
  })
}

/** NONE, CASE_SENSITIVE or CASE_INSENSITIVE. */
export function matchOf({ options }: CopyIntoTableRequest): string {
  return (optionText(options.get('MATCH_BY_COLUMN_NAME')) ?? 'NONE').toUpperCase()
}

export function listedColumns({ columns, target }: CopyIntoTableRequest): readonly CopyColumn[] {
  if (columns.length === 0) return target.columns
  return columns.map((name) => {
    const column = target.columns.find((candidate) => candidate.name === name)
    if (column === undefined)
      throw compilationError('000904', '42000', `error line 0 at position -1\ninvalid identifier '${name}'`)
    return column
  })
}

function sourcesOf(request: CopyIntoTableRequest, rows: StageRows): readonly (readonly [CopyColumn, TypedSql])[] {
  const { format, transform } = request
  const columns = listedColumns(request)
  if (transform !== undefined) return transformed(columns, transform(rows.wideQuery).columns)
  const match = matchOf(request)
  if (match !== 'NONE') {
    return columns.flatMap((column) => {
      const source = rows.byName(column.name, match === 'CASE_INSENSITIVE')
      return source === undefined ? [] : [[column, source] as const]
    })
  }
  if (format.type !== 'CSV' && columns.length !== 1) {
    throw compilationError(
      '002019',
      '0A000',
      `${format.type} file format can produce one and only one column of type variant, object, or array. Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with transformation.`,
    )
  }
  return columns.flatMap((column, index) => {
    const source = rows.byPlace(index)
    return source === undefined ? [] : [[column, source] as const]
  })
}

function transformed(
  columns: readonly CopyColumn[],
  selected: readonly { readonly type: TypedSql['type'] }[],
): readonly (readonly [CopyColumn, TypedSql])[] {
  if (selected.length !== columns.length) {
    throw compilationError(
      '002020',
      '21S01',
      `Insert value list does not match column list expecting ${columns.length} but got ${selected.length}`,
    )
  }
  return columns.map((column, index) => [column, { sql: `c${index + 1}`, type: selected[index]?.type ?? column.type }])
}

function converted(column: CopyColumn, source: TypedSql, { context, format }: CopyIntoTableRequest): string {
  const written = source.type.name === 'TEXT' ? formatOf(column, format) : undefined
  return convert(source, column.type, { context, ...(written === undefined ? {} : { format: quote(written) }) }).sql
}

function formatOf({ type }: CopyColumn, format: FileFormat): string | undefined {
  switch (type.name) {
    case 'DATE':
      return format.dateFormat
    case 'TIME':
      return format.timeFormat
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return format.timestampFormat
    case 'BINARY':
      return format.binaryFormat
    default:
      return undefined
  }
}

function isCut({ options }: CopyIntoTableRequest): boolean {
  return (
    isOptionTrue(options.get('TRUNCATECOLUMNS')) || optionText(options.get('ENFORCE_LENGTH'))?.toUpperCase() === 'FALSE'
  )
}

function lengthMaxOf({ type }: CopyColumn, request: CopyIntoTableRequest): number | undefined {
  return type.name === 'TEXT' && type.length < textLengthDefault && !isCut(request) ? type.length : undefined
}

function cut({ type }: CopyColumn, sql: string, request: CopyIntoTableRequest): string {
  return type.name === 'TEXT' && type.length < textLengthDefault && isCut(request)
    ? `left(${sql}, ${type.length})`
    : sql
}
