import { textOf } from '../jinja/python-text.ts'
import type { AgateTable } from './agate-table.ts'
import { agateTypes } from './agate-type.ts'
import { PyDecimal } from './decimal.ts'

export interface TableTextOptions {
  readonly rowsMax?: number | undefined
  readonly columnsMax?: number | undefined
  /** Characters. */
  readonly columnWidthMax?: number | undefined
  /** Digits behind the point. */
  readonly precisionMax?: number | undefined
}

/** A table as agate prints it: Markdown, with long values and further rows and columns cut. */
export function tableText(table: AgateTable, options: TableTextOptions = {}): string {
  const { columnsMax = Infinity, rowsMax = Infinity } = options
  const columns = table.columns.items.slice(0, columnsMax)
  const hasMoreColumns = table.columns.items.length > columnsMax
  const rows = table.values.slice(0, rowsMax)
  const cells = columns.map((column, index) => {
    const values = rows.map((row) => row[index] ?? null)
    const format = column.data_type === agateTypes.Number ? numberFormat(values, options.precisionMax) : textOf
    const texts = values.map((value) => cut(value === null ? '' : format(value), options.columnWidthMax))
    return padded(
      [cut(column.name, options.columnWidthMax), ...texts],
      column.data_type === agateTypes.Text,
      rows.length < table.values.length,
    )
  })
  if (hasMoreColumns) cells.push(padded(rows.map(() => '...').concat('...'), false, rows.length < table.values.length))
  const lines = cells[0]?.texts.map((_, line) => `| ${cells.map(({ texts }) => texts[line]).join(' | ')} |`) ?? []
  lines.splice(1, 0, `| ${cells.map(({ width }) => '-'.repeat(width)).join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

function padded(texts: readonly string[], isText: boolean, hasMoreRows: boolean): { width: number; texts: string[] } {
  const width = Math.max(...texts.map(({ length }) => length))
  const all = hasMoreRows ? [...texts, '...'] : texts
  return { width, texts: all.map((text) => (isText ? text.padEnd(width) : text.padStart(width))) }
}

function cut(text: string, widthMax = Infinity): string {
  return text.length > widthMax ? `${text.slice(0, widthMax - 3)}...` : text
}

/** As many digits as the most exact value of the column has, with commas between thousands. */
function numberFormat(values: readonly unknown[], precisionMax = Infinity): (value: unknown) => string {
  const scales = values.map((value) => (value instanceof PyDecimal ? significantScale(value) : 0))
  const places = Math.min(Math.max(0, ...scales), precisionMax)
  const ellipsis = Math.max(0, ...scales) > precisionMax ? '…' : ''
  return (value) => {
    if (!(value instanceof PyDecimal) || !value.isFinite) return textOf(value)
    const [whole = '', fraction] = value.roundedTo(places).toString().split('.')
    const grouped = whole.replace(/\B(?=(?:\d{3})+$)/gu, ',')
    return `${grouped}${fraction === undefined ? '' : `.${fraction}`}${ellipsis}`
  }
}

function significantScale({ coefficient, exponent }: PyDecimal): number {
  const digits = String(coefficient)
  const zeros = coefficient === 0n ? digits.length : digits.length - digits.replace(/0+$/u, '').length
  return Math.max(0, -exponent - zeros)
}
