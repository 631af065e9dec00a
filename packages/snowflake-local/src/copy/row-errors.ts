import { readNumber, readTexts } from '../engine/duckdb.ts'
import { SqlError } from '../engine/sql-error.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { CopyIntoTableRequest } from './copy-request.ts'
import type { CopyFile } from './stage-files-of.ts'
import type { TargetValue } from './target-values.ts'

/** What is wrong with the rows of a file: how many there are, and the first of them. */
export interface RowErrors {
  readonly count: number
  readonly message: string | null
  readonly code: string | null
  readonly sqlState: string | null
  readonly line: number | null
  readonly column: string | null
}

export const noErrors: RowErrors = { count: 0, message: null, code: null, sqlState: null, line: null, column: null }

/** A JSON null becomes NULL without being a fault. */
function hasValue({ sql, type }: TypedSql): string {
  return type.name === 'VARIANT' ? `sf_strip_null(CAST(${sql} AS VARCHAR)) IS NOT NULL` : `${sql} IS NOT NULL`
}

/** The number of the first column in which a row does not fit, 0 where the record itself is at fault; NULL where all fits. */
export function faulty(values: readonly TargetValue[]): string {
  const tests = values.flatMap(({ column, source, converted, lengthMax }, index) => {
    const conditions: string[] = []
    const isSame = column.type.name === source.type.name
    if (!column.nullable) conditions.push(isSame ? `${converted} IS NULL` : `TRY(${converted}) IS NULL`)
    else if (!isSame) conditions.push(`${hasValue(source)} AND TRY(${converted}) IS NULL`)
    if (lengthMax !== undefined) conditions.push(`length(${converted}) > ${lengthMax}`)
    return conditions.map((condition) => `WHEN ${condition} THEN ${index + 1}`)
  })
  return `CASE WHEN fault IS NOT NULL THEN 0 ${tests.join(' ')} END`
}

export async function findErrors(
  { connection }: CopyIntoTableRequest,
  values: readonly TargetValue[],
  relation: string,
): Promise<RowErrors> {
  const marked = `(SELECT line, fault, ${faulty(values)} AS place FROM ${relation} AS staged)`
  const count = await readNumber(connection, `SELECT count(*) FROM ${marked} WHERE place IS NOT NULL`)
  if (count === 0) return noErrors
  const [[line, place, fault] = []] = await readTexts(
    connection,
    `SELECT CAST(line AS VARCHAR), CAST(place AS VARCHAR), fault FROM ${marked} WHERE place IS NOT NULL ORDER BY line LIMIT 1`,
  )
  const at = { count, line: Number(line ?? 0) }
  const value = values[Number(place ?? 0) - 1]
  if (value === undefined) return { ...at, message: fault ?? '', code: '100080', sqlState: '22000', column: null }
  const shown = `"${value.column.name}"`
  const [[raw] = []] = await readTexts(
    connection,
    `SELECT CAST(${value.source.sql} AS VARCHAR) FROM ${relation} AS staged WHERE line = ${at.line}`,
  )
  return { ...at, ...describeFault(value, raw ?? null), column: shown }
}

/** In Snowflake's words; the values are told, as Snowflake does. */
export function describeFault(
  { column }: TargetValue,
  raw: string | null,
): { message: string; code: string; sqlState: string } {
  if (raw === null) return { message: `NULL result in a non-nullable column`, code: '100072', sqlState: '22000' }
  switch (column.type.name) {
    case 'NUMBER':
    case 'FLOAT':
      return { message: `Numeric value '${raw}' is not recognized`, code: '100038', sqlState: '22018' }
    case 'BOOLEAN':
      return { message: `Boolean value '${raw}' is not recognized`, code: '100037', sqlState: '22018' }
    case 'DATE':
      return { message: `Date '${raw}' is not recognized`, code: '100040', sqlState: '22007' }
    case 'TIME':
      return { message: `Time '${raw}' is not recognized`, code: '100108', sqlState: '22007' }
    case 'TEXT':
      return {
        message: `User character length limit (${column.type.length}) exceeded by string '${raw}'`,
        code: '100074',
        sqlState: '22000',
      }
    case 'BINARY':
      return {
        message: `The following string is not a legal hex-encoded value: '${raw}'`,
        code: '100115',
        sqlState: '22000',
      }
    case 'OBJECT':
    case 'ARRAY':
    case 'VARIANT':
      return {
        message: `Failed to cast variant value ${raw} to ${column.type.name}`,
        code: '100071',
        sqlState: '22000',
      }
    default:
      return { message: `Timestamp '${raw}' is not recognized`, code: '100035', sqlState: '22007' }
  }
}

export function abortion({ target }: CopyIntoTableRequest, file: CopyFile, errors: RowErrors): SqlError {
  const column = errors.column === null ? '' : `, column ${target.name}[${errors.column}]`
  return new SqlError({
    code: errors.code ?? '100080',
    sqlState: errors.sqlState ?? '22000',
    message: `${errors.message ?? ''}\n  File '${file.label}', line ${errors.line}, character 1\n  Row ${errors.line}${column}\n  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option.`,
  })
}
