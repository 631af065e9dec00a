import type { SqlType } from '../catalog/sql-type.ts'

/*
 * What the translator asks of the table of functions. The table gives `findFunction(name): FunctionRule | undefined` in
 * function/find-function.ts, and `functionMacros: readonly string[]` (CREATE MACRO statements that are run whenever a
 * database is opened) in function/function-macros.ts.
 */

/** An expression that is already DuckDB's SQL (closed: it may stand anywhere an operand may), and its Snowflake type. */
export interface TypedSql {
  readonly sql: string
  readonly type: SqlType
  /** The value of a literal, for rules that must know it: number text, string, `true`; of a word (`DAY`) its upper case. */
  readonly literal?: string
}

export interface FunctionCall {
  /** Folded, so usually upper case. */
  readonly name: string
  readonly arguments: readonly TypedSql[]
  /** `INPUT => …`, by upper-case name. */
  readonly named: ReadonlyMap<string, TypedSql>
  /** `DISTINCT ` or nothing: for before the first argument of an aggregate. */
  readonly distinct: string
  /** ` ORDER BY …` of WITHIN GROUP, or nothing: for behind the last argument of an aggregate. */
  readonly orderBy: string
  /** The order keys of WITHIN GROUP, for PERCENTILE_CONT and its like. */
  readonly order: readonly (TypedSql & { readonly descending: boolean })[]
  /** ` IGNORE NULLS` or nothing: for behind the arguments (LAG, FIRST_VALUE …). */
  readonly nulls: string
  /** ` OVER (…)` or nothing: for behind each aggregate or window function that the rule writes. */
  readonly over: string
}

/** What is known of the session while a statement is translated. */
export interface FunctionContext {
  readonly user: string
  readonly role: string | undefined
  readonly warehouse: string | undefined
  readonly database: string | undefined
  readonly schema: string | undefined
  readonly sessionId: string
  readonly queryId: string
  /** Id of a statement before this one: -1 is the last. */
  readonly lastQueryId: (index: number) => string | undefined
  /** Upper-case name: TIMEZONE, DATE_OUTPUT_FORMAT, TIMESTAMP_TYPE_MAPPING … */
  readonly parameter: (name: string) => string | undefined
  /** When the statement began: the value of CURRENT_TIMESTAMP, in microseconds since 1970. */
  readonly startedUs: bigint
  /** Next value of a session variable `$name`, and values that functions like GETVARIABLE read. */
  readonly variable: (name: string) => TypedSql | undefined
  /** Has the statement wait before it runs. */
  readonly wait?: (seconds: number) => void
  readonly cancel?: CancelStatements
  /** Ends the transaction of a session; false when there is no such session. */
  readonly abortSession?: (sessionId: string) => boolean
}

/** Cancels the running statement of an id, or all of a session but the one that asks; how many there were. */
export type CancelStatements = (of: { readonly queryId: string } | { readonly sessionId: string }) => number

export interface FunctionRule {
  /** An aggregate may also be called with OVER; a window function must be. */
  readonly kind: 'scalar' | 'aggregate' | 'window'
  /** Fewest and most arguments; a wrong number fails with 000938 (too few) or 000939 (too many). */
  readonly arity: readonly [number, number]
  /** Positions of arguments that may be written as a bare word, like the DAY of DATEADD(DAY, 1, x): `literal` has it. */
  readonly words?: readonly number[]
  /** Position of an argument that is a lambda (`x -> x + 1`): its SQL is a DuckDB lambda whose parameters are JSON. */
  readonly lambda?: number
  readonly translate: (call: FunctionCall, context: FunctionContext) => TypedSql
}
