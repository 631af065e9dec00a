import type { QueryResult } from '@eclusa/sdk'
import { callDirectly } from '../jinja/call.ts'
import { asMapping } from '../jinja/mapping.ts'
import { attributeOf, itemOf, lengthOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { PyTuple } from '../jinja/python-collections.ts'
import { asInt } from '../jinja/python-number.ts'
import { asItems, isEqual, isTrue, iterate, sortValues } from '../jinja/python-object.ts'
import { textOf } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { valueError } from '../jinja/template-error.ts'
import { agateTypes } from './agate-type.ts'
import type { AgateType } from './agate-type.ts'
import { MappedSequence } from './mapped-sequence.ts'
import { columnValues, typeOfValues } from './query-values.ts'
import { tableText } from './table-text.ts'

export class AgateRow extends MappedSequence {
  override readonly [typeNameOf] = 'Row'
}

export class AgateColumn extends MappedSequence {
  readonly name: string
  readonly index: number
  readonly data_type: AgateType
  override readonly [typeNameOf] = 'Column'

  constructor(name: string, index: number, type: AgateType, values: readonly unknown[]) {
    super(values)
    this.name = name
    this.index = index
    this.data_type = type
  }

  override [attributeOf](name: string): unknown {
    const method = columnMethods.get(name)
    return method === undefined ? super[attributeOf](name) : new BoundMethod(method, this)
  }
}

export interface AgateTableOptions {
  readonly names: readonly string[]
  readonly types: readonly AgateType[]
  readonly rows: readonly (readonly unknown[])[]
  /** Where `print_table` writes. Default: nowhere. */
  readonly print?: ((text: string) => void) | undefined
}

/**
 * What `run_query` and `load_agate_table` give to a template: the parts of Python's agate.Table that projects use. Values
 * are Python's: ints, PyDecimal for every other number, dates, text. Tables do not change; methods return new ones.
 */
export class AgateTable implements HostObject, Iterable<AgateRow> {
  readonly column_names: PyTuple
  readonly column_types: PyTuple
  readonly columns: MappedSequence<AgateColumn>
  readonly rows: MappedSequence<AgateRow>
  readonly row_names = null
  readonly #names: readonly string[]
  readonly #print: ((text: string) => void) | undefined
  readonly [typeNameOf] = 'Table'

  constructor({ names, types, rows, print }: AgateTableOptions) {
    this.#names = names
    this.#print = print
    this.column_names = new PyTuple(names)
    this.column_types = new PyTuple(types)
    this.rows = new MappedSequence(rows.map((row) => new AgateRow(row, names)))
    const columns = names.map((name, index) => {
      const values = rows.map((row) => row[index] ?? null)
      return new AgateColumn(name, index, types[index] ?? agateTypes.Text, values)
    })
    this.columns = new MappedSequence(columns, names)
  }

  /** A query's result with the types that dbt gives it: strings stay text, whatever they look like. */
  static fromQuery({ columns, rows }: QueryResult, print?: (text: string) => void): AgateTable {
    const converted = columns.map(({ type }, index) =>
      columnValues(
        type,
        rows.map((row) => row[index] ?? null),
      ),
    )
    return new AgateTable({
      names: uniqueNames(columns.map(({ name }) => name)),
      types: converted.map(({ type }) => type),
      rows: rows.map((_, row) => converted.map(({ values }) => values[row] ?? null)),
      print,
    })
  }

  static fromRows(names: readonly string[], rows: readonly (readonly unknown[])[]): AgateTable {
    const types = names.map((_, index) => typeOfValues(rows.map((row) => row[index] ?? null)))
    return new AgateTable({ names: uniqueNames(names), types, rows })
  }

  [Symbol.iterator](): Iterator<AgateRow> {
    return this.rows[Symbol.iterator]()
  }

  [lengthOf](): number {
    return this.rows.items.length
  }

  [itemOf](key: unknown): unknown {
    return this.rows[itemOf](key)
  }

  [attributeOf](name: string): unknown {
    const method = tableMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  toString(): string {
    const rows = this.#names.map((name, index) => [name, this.#typeAt(index).name])
    const types = [agateTypes.Text, agateTypes.Text]
    return tableText(new AgateTable({ names: ['column', 'data_type'], types, rows }), { columnWidthMax: undefined })
  }

  /** Columns by position, with the rows that are given. */
  fork(rows: readonly (readonly unknown[])[], positions?: readonly number[], names?: readonly string[]): AgateTable {
    const kept = positions ?? this.#names.map((_, index) => index)
    return new AgateTable({
      names: names ?? kept.map((index) => this.#names[index] ?? ''),
      types: kept.map((index) => this.#typeAt(index)),
      rows: positions === undefined ? rows : rows.map((row) => kept.map((index) => row[index] ?? null)),
      print: this.#print,
    })
  }

  get values(): readonly (readonly unknown[])[] {
    return this.rows.items.map(({ items }) => items)
  }

  /** @throws OperationError of kind `value` for a name that is no column */
  positionOf(name: unknown): number {
    const position = this.#names.findIndex((candidate) => candidate === name)
    if (position < 0) throw valueError('tuple.index(x): x not in tuple')
    return position
  }

  print(text: string): void {
    this.#print?.(text)
  }

  #typeAt(index: number): AgateType {
    return (this.column_types.items[index] ?? agateTypes.Text) as AgateType
  }
}

/** agate's: a name that occurs again gets a number, an empty one is a letter. */
export function uniqueNames(names: readonly string[]): string[] {
  const unique: string[] = []
  for (const [index, given] of names.entries()) {
    const name =
      given === '' ? 'abcdefghijklmnopqrstuvwxyz'.charAt(index % 26).repeat(Math.floor(index / 26) + 1) : given
    let candidate = name
    for (let count = 2; unique.includes(candidate); count += 1) candidate = `${name}_${count}`
    unique.push(candidate)
  }
  return unique
}

function keysOf(key: unknown): readonly unknown[] {
  return typeof key === 'string' ? [key] : [...iterate(key)]
}

/** The value to sort or compare a row by: that of a column, of several, or of a function. */
function keyOfRow(row: AgateRow, key: unknown): unknown {
  if (key === null || key === undefined) return new PyTuple(row.items)
  if (typeof key === 'string') return row[itemOf](key) ?? null
  const names = asItems(key)
  if (names === undefined) return callDirectly(key, [row], {})
  return new PyTuple(names.map((name) => row[itemOf](name) ?? null))
}

function sortedRows(rows: readonly AgateRow[], key: unknown, reverse: boolean): AgateRow[] {
  const keyed = rows.map((row) => ({ row, key: keyOfRow(row, key) }))
  const [filled, empty] = [keyed.filter((item) => item.key !== null), keyed.filter((item) => item.key === null)]
  const sorted = sortValues(filled, { key: (item) => (item as { key: unknown }).key, reverse }) as typeof keyed
  return (reverse ? [...empty, ...sorted] : [...sorted, ...empty]).map(({ row }) => row)
}

const itemsOf = (rows: readonly AgateRow[]) => rows.map(({ items }) => items)

function numberOrNone(value: unknown): number | undefined {
  const int = asInt(value)
  return int === undefined ? undefined : Number(int)
}

const tableMethods = functionTable(
  new NativeFunction('select', 'key', (table: AgateTable, key: unknown) => {
    return table.fork(
      table.values,
      keysOf(key).map((name) => table.positionOf(name)),
    )
  }),
  new NativeFunction('exclude', 'key', (table: AgateTable, key: unknown) => {
    const excluded = new Set(keysOf(key))
    const positions = table.column_names.items.flatMap((name, index) => (excluded.has(name) ? [] : [index]))
    return table.fork(table.values, positions)
  }),
  new NativeFunction('rename', 'column_names? row_names?', (table: AgateTable, names: unknown) => {
    const mapping = asMapping(names)
    const renamed = mapping
      ? table.column_names.items.map((name) => (mapping.has(name) ? mapping.get(name) : name))
      : names === undefined || names === null
        ? table.column_names.items
        : [...iterate(names)]
    return table.fork(table.values, undefined, renamed.map(textOf))
  }),
  new NativeFunction('where', 'test', (table: AgateTable, test: unknown) => {
    return table.fork(itemsOf(table.rows.items.filter((row) => isTrue(callDirectly(test, [row], {})))))
  }),
  new NativeFunction('find', 'test', (table: AgateTable, test: unknown) => {
    return table.rows.items.find((row) => isTrue(callDirectly(test, [row], {}))) ?? null
  }),
  new NativeFunction('order_by', 'key reverse?', (table: AgateTable, key: unknown, reverse: unknown = false) => {
    return table.fork(itemsOf(sortedRows(table.rows.items, key, isTrue(reverse))))
  }),
  new NativeFunction('limit', 'start_or_stop? stop? step?', (table: AgateTable, first: unknown, second: unknown) => {
    const [start, stop] = numberOrNone(second) === undefined ? [0, first] : [numberOrNone(first) ?? 0, second]
    return table.fork(table.values.slice(start, numberOrNone(stop)))
  }),
  new NativeFunction('distinct', 'key?', (table: AgateTable, key: unknown) => {
    const seen: unknown[] = []
    const kept = table.rows.items.filter((row) => {
      const value = keyOfRow(row, key)
      if (seen.some((other) => isEqual(other, value))) return false
      seen.push(value)
      return true
    })
    return table.fork(itemsOf(kept))
  }),
  new NativeFunction(
    'print_table',
    'max_rows? max_columns? output? max_column_width? locale? max_precision?',
    (
      table: AgateTable,
      rows: unknown = 20,
      columns: unknown = 6,
      _: unknown,
      width: unknown = 20,
      __?: unknown,
      precision: unknown = 3,
    ) => {
      table.print(
        tableText(table, {
          rowsMax: numberOrNone(rows),
          columnsMax: numberOrNone(columns),
          columnWidthMax: numberOrNone(width),
          precisionMax: numberOrNone(precision),
        }),
      )
    },
  ),
)

const isFilled = (value: unknown) => value !== null

const columnMethods = functionTable(
  new NativeFunction('values_distinct', '', ({ items }: AgateColumn) => {
    return new PyTuple(items.filter((item, index) => items.findIndex((other) => isEqual(item, other)) === index))
  }),
  new NativeFunction('values_without_nulls', '', ({ items }: AgateColumn) => new PyTuple(items.filter(isFilled))),
  new NativeFunction('values_sorted', '', ({ items }: AgateColumn) => {
    return [...sortValues(items.filter(isFilled)), ...items.filter((item) => item === null)]
  }),
  new NativeFunction('values_without_nulls_sorted', '', ({ items }: AgateColumn) => sortValues(items.filter(isFilled))),
)
