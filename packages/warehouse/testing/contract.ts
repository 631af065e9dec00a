import type { SqlValue, Warehouse, WarehouseConnection } from '@eclusa/sdk'
import type { Dialect } from '../src/dialect.ts'
import type { RelationName } from '../src/relation.ts'

/** A warehouse for one run of the suite. */
export interface ContractFixture extends AsyncDisposable {
  readonly warehouse: Warehouse
}

/** How a warehouse says what the suite says in SQL of its own. */
export interface Spelling {
  /** What a name is without quotes. */
  readonly folded: (name: string) => string
  /** A type whose values are numbers. */
  readonly integer: string
  readonly bytes: string
  /** The parameter of that number, from 1. */
  readonly parameter: (number: number) => string
  /** The largest integer whose bare literal reads back as a number and not as bigint. */
  readonly integerMax: number
}

export interface ContractOptions {
  readonly name: string
  readonly dialect: Dialect
  open(): Promise<ContractFixture>
  /** Statements that each yield one value, and what `query` must give for it. */
  readonly values: readonly { readonly sql: string; readonly value: SqlValue; readonly type?: string }[]
  /** A query that runs until it is interrupted. */
  readonly endlessQuery: string
  /** Column types whose SQL type stands for another one: formatted from -> to. */
  readonly foldedTypes?: Readonly<Record<string, string>>
  readonly spelling: Spelling
  /** A text may hold several statements. */
  readonly supportsSeveralStatements: boolean
  /** INSERT, UPDATE and DELETE have RETURNING. */
  readonly supportsReturning: boolean
}

/** What the parts of the suite share; the connection is there once the tests run. */
export interface DialectContract {
  readonly options: ContractOptions
  readonly dialect: Dialect
  readonly warehouse: Warehouse
  readonly connection: WarehouseConnection
  readonly run: (...statements: readonly string[]) => Promise<void>
  readonly rowsOf: (sql: string) => Promise<readonly (readonly SqlValue[])[]>
  /** What the name is that SQL of the suite has without quotes. */
  readonly folded: (name: string) => string
  /** In the suite's schema, called `contract` without quotes. */
  readonly inMain: (identifier: string) => RelationName
}
