import type { Column, Table } from '../catalog/catalog-object.ts'
import { formatType } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { Expression } from '../parse/ast-expression.ts'
import { parseExpressionText } from '../parse/parse-statement.ts'
import { castSql, isAssignable } from '../translate/cast.ts'
import { emptyScope } from '../translate/scope.ts'
import { raise } from '../translate/sql-text.ts'
import type { Translator } from '../translate/translator.ts'
import { compilationError, invalidIdentifier } from './sql-error.ts'

/** A value as it is written to a column. A text that is too long fails, as Snowflake has it. */
export function assignSql(value: TypedSql, column: Column): string {
  const { type } = column
  if (!isAssignable(value.type, type)) {
    throw compilationError(
      '002023',
      '22000',
      `Expression type does not match column data type, expecting ${formatType(type)} but got ${formatType(value.type)} for column ${column.name}`,
    )
  }
  const sql = castSql(value, type)
  if (type.name !== 'TEXT' || (value.type.name === 'TEXT' && value.type.length <= type.length)) return sql
  if (value.type.name === 'NULL' || type.length >= 16_777_216) return sql
  const failure = raise('100078', '22000', `'String ''' || left(v, 100) || ''' is too long and would be truncated'`)
  return `list_transform([${sql}], lambda v: CASE WHEN length(v) > ${type.length} THEN ${failure} ELSE v END)[1]`
}

export function columnNamed(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column === undefined) throw invalidIdentifier(name)
  return column
}

/** What a column has where nothing is given for it. */
export function defaultOf(column: Column): Expression {
  if (column.identity !== undefined) {
    return { kind: 'column', name: { parts: ['', column.identity.sequence, 'NEXTVAL'], at: 0 }, quoted: false }
  }
  return column.default === undefined ? { kind: 'null' } : parseExpressionText(column.default)
}

export function defaultSql(translator: Translator, column: Column): string {
  return assignSql(translator.expression(defaultOf(column), emptyScope), column)
}
