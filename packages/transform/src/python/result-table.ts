import type { QueryResult, SqlValue } from '@eclusa/sdk'

/** What `run_query` gives to a template: the parts of agate's table that projects use most. */
export class ResultTable implements Iterable<readonly SqlValue[]> {
  readonly column_names: readonly string[]
  readonly columns: readonly ResultTableColumn[]
  readonly rows: readonly (readonly SqlValue[])[]

  constructor({ columns, rows }: QueryResult) {
    this.rows = rows
    this.column_names = columns.map(({ name }) => name)
    this.columns = columns.map(
      ({ name }, index) =>
        new ResultTableColumn(
          name,
          rows.map((row) => row[index] ?? null),
        ),
    )
  }

  [Symbol.iterator](): Iterator<readonly SqlValue[]> {
    return this.rows[Symbol.iterator]()
  }
}

/** One column of a result: `column.name`, `column.values()`, or a loop over it. */
export class ResultTableColumn implements Iterable<SqlValue> {
  readonly name: string
  readonly #values: readonly SqlValue[]

  constructor(name: string, values: readonly SqlValue[]) {
    this.name = name
    this.#values = values
  }

  values(): readonly SqlValue[] {
    return this.#values
  }

  [Symbol.iterator](): Iterator<SqlValue> {
    return this.#values[Symbol.iterator]()
  }
}
