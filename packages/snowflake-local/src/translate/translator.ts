import type { FunctionContext, TypedSql } from '../function/function-rule.ts'
import type { Call, Expression, ObjectName } from '../parse/ast-expression.ts'
import type { Options } from '../parse/ast-option.ts'
import type { Query, TimeTravel } from '../parse/ast-query.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import type { Scope } from './scope.ts'

/** A column of a query's result. DuckDB's name of it is `c1`, `c2`, … by its place. */
export interface OutputColumn {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
}

/** A query in DuckDB's SQL, whose columns are `c1`, `c2`, … */
export interface BoundQuery {
  readonly sql: string
  readonly columns: readonly OutputColumn[]
}

/** What a name in FROM stands for. */
export type NamedRelation =
  | {
      readonly kind: 'table'
      /** What to read from: a table's name, or a query in brackets. */
      readonly sql: string
      readonly name: readonly string[]
      readonly columns: readonly (OutputColumn & { readonly physical: string })[]
    }
  | {
      readonly kind: 'view'
      readonly name: readonly string[]
      readonly query: Query
      readonly columns: readonly string[]
      /** For the schema in which the view's own names are looked up, and the role that owns it. */
      readonly environment: TranslationEnvironment
    }
  /** Rows that are made here: those of INFORMATION_SCHEMA, of a SHOW that is read again, … */
  | {
      readonly kind: 'rows'
      readonly name: readonly string[]
      readonly columns: readonly OutputColumn[]
      /** Text as a cast reads it, or SQL of DuckDB. */
      readonly rows: readonly (readonly (string | null | { readonly sql: string })[])[]
    }

/** What the translation asks of the session. */
export interface TranslationEnvironment {
  readonly context: FunctionContext
  readonly bind: (index: number) => TypedSql
  /** @throws SqlError 002003 when there is none, 003001 when the role may not read it. */
  readonly relation: (name: ObjectName, travel: TimeTravel | undefined, changes: string | undefined) => NamedRelation
  /** The DuckDB name of a sequence. */
  readonly sequence: (parts: readonly string[]) => string | undefined
  /** Rows of `TABLE(RESULT_SCAN(…))` and of INFORMATION_SCHEMA's table functions; nothing for others. */
  readonly tableRows: (call: Call, values: readonly TypedSql[]) => NamedRelation | undefined
  /** A query over the files of a stage whose columns are `$1`, `$2`, … : DuckDB's SQL in brackets. */
  readonly stage: (location: string, options: Options) => BoundQuery
}

/** The rules that refer to each other in a circle, with what they all need. */
export interface Translator {
  readonly environment: TranslationEnvironment
  readonly commonTables: ReadonlyMap<string, CommonTableReference>
  /** A name that no other part of the statement has. */
  readonly fresh: (prefix: string) => string
  readonly expression: (expression: Expression, scope: Scope) => TypedSql
  readonly query: (query: Query, outer: Scope | undefined) => BoundQuery
  /** Names go on from here, but nothing that WITH has named is in sight: for the query of a view. */
  readonly forView: (environment: TranslationEnvironment) => Translator
  readonly withCommonTable: (name: string, table: CommonTableReference) => Translator
}

export interface CommonTableReference {
  readonly physical: string
  readonly columns: readonly OutputColumn[]
}
