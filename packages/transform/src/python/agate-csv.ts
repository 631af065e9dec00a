import { typeError, valueError } from '../jinja/template-error.ts'
import { AgateTable, uniqueNames } from './agate-table.ts'
import { agateTypes } from './agate-type.ts'
import type { AgateType } from './agate-type.ts'
import { readCsv } from './csv-reader.ts'
import { PyDateTime } from './date-time.ts'
import { PyDate } from './date.ts'
import { PyDecimal } from './decimal.ts'
import { parseIso, parseMoment } from './time-parse.ts'

export interface InferCsvOptions {
  /** Default: a comma. */
  readonly delimiter?: string
  /** Columns whose type the project gives: they stay text, whatever they look like. */
  readonly textColumns?: Iterable<string>
}

/**
 * A seed's file as a table with types, by dbt's rules: a column is a number, a date, a moment or a truth if all its values
 * are, and else text; '' and `null` are null. A row that is too short is filled with nulls.
 *
 * @throws OperationError of kind `value` for a row with more values than there are columns
 */
export function inferCsv(text: string, { delimiter = ',', textColumns = [] }: InferCsvOptions = {}): AgateTable {
  if (Array.from(delimiter).length !== 1) throw typeError('"delimiter" must be a 1-character string')
  const [header = [], ...rows] = readCsv(text.replace(/^\ufeff/u, ''), delimiter)
  const names = uniqueNames(header)
  for (const [index, row] of rows.entries()) {
    if (row.length > names.length) {
      throw valueError(`Row ${index} has ${row.length} values, but Table only has ${names.length} columns.`)
    }
  }
  const forced = new Set(textColumns)
  const columns = names.map((name, index) => {
    const values = rows.map((row) => row[index] ?? null)
    return forced.has(name) ? textColumn(values) : inferredColumn(values)
  })
  return new AgateTable({
    names,
    types: columns.map(({ type }) => type),
    rows: rows.map((_, row) => columns.map(({ values }) => values[row] ?? null)),
  })
}

interface Column {
  readonly type: AgateType
  readonly values: readonly unknown[]
}

type Cast = (text: string) => unknown

/** In the order in which they are tried. Each gives undefined for a text that is not of the type. */
const casts: readonly (readonly [AgateType, Cast])[] = [
  [agateTypes.Number, numberOf],
  [agateTypes.Date, dateOf],
  [agateTypes.DateTime, (text) => momentOf(text, '%Y-%m-%d %H:%M:%S')],
  [agateTypes.ISODateTime, isoMomentOf],
  [agateTypes.Boolean, booleanOf],
]

function inferredColumn(values: readonly (string | null)[]): Column {
  // Where no row reaches the column there is nothing to be tried, and the first type is dbt's.
  if (values.every((value) => value === null)) return { type: agateTypes.Integer, values }
  for (const [type, cast] of casts) {
    const converted = castAll(values, cast)
    if (converted !== undefined) return { type, values: converted }
  }
  return textColumn(values)
}

function castAll(values: readonly (string | null)[], cast: Cast): unknown[] | undefined {
  const converted: unknown[] = []
  for (const value of values) {
    const result = value === null || isNull(value) ? null : cast(value)
    if (result === undefined) return undefined
    converted.push(result)
  }
  return converted
}

function textColumn(values: readonly (string | null)[]): Column {
  return { type: agateTypes.Text, values: values.map((value) => (value === null || isNull(value) ? null : value)) }
}

function isNull(text: string): boolean {
  const trimmed = text.trim()
  return trimmed === '' || trimmed.toLowerCase() === 'null'
}

const currencySigns = '؋$ƒ៛¥₡₱£€¢﷼₪₩₭₮₦฿₤₫'

/** agate takes a sign of percent or money off a number, and commas out of it. */
function numberOf(text: string): PyDecimal | undefined {
  const bare = strip(text.trim(), '%')
  const isNegative = bare.startsWith('-')
  let digits = isNegative ? bare.slice(1) : bare
  for (const sign of currencySigns) digits = strip(digits, sign)
  const decimal = PyDecimal.parse(digits.replaceAll(',', '').replace(/(?<=\d)_(?=\d)/gu, ''))
  return isNegative ? decimal?.negated() : decimal
}

function strip(text: string, character: string): string {
  let [start, end] = [0, text.length]
  while (start < end && text[start] === character) start += 1
  while (end > start && text[end - 1] === character) end -= 1
  return text.slice(start, end)
}

function dateOf(text: string): PyDate | undefined {
  const moment = /^\s*\d{4}-\d\d?-\d\d?\s*$/u.test(text) ? momentOf(text, '%Y-%m-%d') : undefined
  return moment === undefined ? undefined : new PyDate(moment)
}

function momentOf(text: string, format: string): PyDateTime | undefined {
  return orUndefined(() => new PyDateTime(parseMoment(text.trim(), format)))
}

/** ISO 8601 with a T between date and time. */
function isoMomentOf(text: string): PyDateTime | undefined {
  const trimmed = text.trim()
  return /^[\d-]+T\d/u.test(trimmed) ? orUndefined(() => new PyDateTime(parseIso(trimmed))) : undefined
}

function orUndefined<T>(body: () => T): T | undefined {
  try {
    return body()
  } catch {
    return undefined
  }
}

function booleanOf(text: string): boolean | undefined {
  const bare = text.replaceAll(',', '').trim().toLowerCase()
  return bare === 'true' ? true : bare === 'false' ? false : undefined
}
