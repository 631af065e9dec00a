import { stringify } from 'csv-stringify/sync'
import type { QueryResult, SqlValue } from '@eclusa/sdk'
import { fitsWidth, formatRecords } from './records.ts'
import { formatTable } from './table.ts'

export const resultFormats = ['table', 'csv', 'json'] as const
export type ResultFormat = (typeof resultFormats)[number]

/**
 * Writes what a query gave without losing a digit.
 *
 * - `table`: for people; control characters are escaped, NULL is written `NULL`.
 * - `csv`: RFC 4180 with a heading; NULL is an empty field, an empty text is `""`.
 * - `json`: an array with one object per line. Numbers of up to 32 bits and floats are numbers; wider integers,
 *   decimals, dates and everything else are strings, since readers of JSON may take numbers for doubles.
 *
 * A table that is wider than `columnsMax` is written row by row, downwards. Bytes are written in hexadecimal, `\x0a1b`.
 */
export function formatResult(result: QueryResult, format: ResultFormat, columnsMax?: number): string {
  if (format === 'csv') return formatCsv(result)
  return format === 'json' ? formatJson(result) : formatResultTable(result, columnsMax)
}

function formatResultTable({ columns, rows }: QueryResult, columnsMax: number | undefined): string {
  const isNumeric = (index: number) =>
    rows.some((row) => row[index] !== null) && rows.every((row) => isNumber(row[index]!) || row[index] === null)
  const texts = rows.map((row) => row.map((value) => textOf(value) ?? 'NULL'))
  const table = formatTable(
    columns.map(({ name, type }, index) => ({
      name,
      align: isNumeric(index) || type.startsWith('DECIMAL') ? ('right' as const) : ('left' as const),
    })),
    texts,
  )
  return fitsWidth(table, columnsMax) || rows.length === 0 ? table : formatRecords(columns, texts)
}

function isNumber(value: SqlValue): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}

function formatCsv({ columns, rows }: QueryResult): string {
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => row.map((value) => textOf(value)))]
  return stringify(lines, { quoted_match: /^$|^\s|\s$/u, record_delimiter: '\n' }).replace(/\n$/u, '')
}

function formatJson(result: QueryResult): string {
  const lines = formatJsonRows(result)
  return lines.length === 0 ? '[]' : `[\n${lines.map((line) => `  ${line}`).join(',\n')}\n]`
}

/** One JSON object per row, as in the format `json`. */
export function formatJsonRows({ columns, rows }: QueryResult): string[] {
  const names = uniqueNames(columns.map(({ name }) => name)).map((name) => JSON.stringify(name))
  return rows.map((row) => `{${row.map((value, index) => `${names[index]!}: ${jsonOf(value)}`).join(', ')}}`)
}

/** A query may give two columns one name; an object cannot. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let number = 2; taken.has(unique); number++) unique = `${name}_${number}`
    taken.add(unique)
    return unique
  })
}

function jsonOf(value: SqlValue): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return textOf(value)!
  return JSON.stringify(textOf(value))
}

/** The exact text of a value; null for NULL. */
export function textOf(value: SqlValue): string | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Uint8Array)
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
  return Object.is(value, -0) ? '-0' : String(value)
}
