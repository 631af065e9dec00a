import type { DdlStatement } from './ast-ddl.ts'
import type { DmlStatement } from './ast-dml.ts'
import type { Call, Expression, Identifier, ObjectName } from './ast-expression.ts'
import type { Options } from './ast-option.ts'
import type { Query } from './ast-query.ts'

export interface Show {
  readonly kind: 'show'
  readonly terse: boolean
  /** `TABLES`, `OBJECTS`, `SCHEMAS`, `PRIMARY KEYS`, `PARAMETERS`, `GRANTS`, … */
  readonly objects: string
  readonly history: boolean
  readonly like: string | undefined
  readonly in:
    | {
        /** `ACCOUNT`, `DATABASE`, `SCHEMA`, `TABLE`, …, or empty where the name stands alone. */
        readonly kind: string
        readonly name: ObjectName | undefined
      }
    | undefined
  /** SHOW GRANTS ON / TO / OF. */
  readonly grants:
    | { readonly relation: 'ON' | 'TO' | 'OF'; readonly kind: string; readonly name: ObjectName | undefined }
    | undefined
  readonly startsWith: string | undefined
  readonly limit: number | undefined
  readonly from: string | undefined
}

export type SessionStatement =
  | {
      readonly kind: 'use'
      readonly object: 'DATABASE' | 'SCHEMA' | 'ROLE' | 'WAREHOUSE' | 'SECONDARY ROLES'
      readonly name: ObjectName
    }
  | { readonly kind: 'alterSession'; readonly set: Options; readonly unset: readonly string[] }
  | { readonly kind: 'setVariables'; readonly names: readonly Identifier[]; readonly values: readonly Expression[] }
  | { readonly kind: 'unsetVariables'; readonly names: readonly Identifier[] }
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | {
      readonly kind: 'describe'
      readonly object: string
      readonly name: ObjectName
      readonly stage: string | undefined
    }
  | { readonly kind: 'describeResult'; readonly queryId: Expression }
  | { readonly kind: 'explain'; readonly query: Statement; readonly form: 'TABULAR' | 'TEXT' | 'JSON' }
  | { readonly kind: 'executeTask' | 'executeAlert'; readonly name: ObjectName }
  | { readonly kind: 'executeImmediate'; readonly text: Expression }
  | { readonly kind: 'call'; readonly call: Call }
  | Show

export type Statement = Query | DmlStatement | DdlStatement | SessionStatement
