import type { Expression, Identifier, ObjectName, TypeName } from './ast-expression.ts'
import type { Options } from './ast-option.ts'
import type { Query, TimeTravel } from './ast-query.ts'

export interface ColumnDefinition {
  readonly name: Identifier
  /** Left out in a CTAS that only names columns. */
  readonly type: TypeName | undefined
  readonly notNull: boolean
  readonly default: { readonly expression: Expression; readonly text: string } | undefined
  readonly identity: { readonly start: string; readonly increment: string } | undefined
  readonly constraints: readonly TableConstraint[]
  readonly comment: string | undefined
}

export interface TableConstraint {
  readonly name: Identifier | undefined
  readonly kind: 'PRIMARY KEY' | 'UNIQUE' | 'FOREIGN KEY'
  readonly columns: readonly Identifier[]
  readonly references: { readonly table: ObjectName; readonly columns: readonly Identifier[] } | undefined
}

interface Creation {
  readonly name: ObjectName
  readonly replace: boolean
  readonly ifNotExists: boolean
}

export interface CloneSource {
  readonly name: ObjectName
  readonly travel: TimeTravel | undefined
}

export interface CreateTable extends Creation {
  readonly kind: 'createTable'
  readonly lifetime: 'permanent' | 'transient' | 'temporary'
  readonly columns: readonly ColumnDefinition[]
  readonly constraints: readonly TableConstraint[]
  readonly clusterBy: string | undefined
  readonly options: Options
  readonly copyGrants: boolean
  readonly query: Query | undefined
  readonly like: ObjectName | undefined
  readonly clone: CloneSource | undefined
  /** Of a dynamic table: the text of the query that it holds. */
  readonly dynamicQueryText: string | undefined
}

export interface CreateView extends Creation {
  readonly kind: 'createView'
  readonly secure: boolean
  readonly temporary: boolean
  readonly materialized: boolean
  readonly columns: readonly { readonly name: Identifier; readonly comment: string | undefined }[]
  readonly comment: string | undefined
  readonly copyGrants: boolean
  readonly query: Query
  readonly queryText: string
}

/** Kinds of objects of which CREATE, ALTER and DROP are alike. */
export type PlainKind =
  | 'DATABASE'
  | 'SCHEMA'
  | 'SEQUENCE'
  | 'STAGE'
  | 'FILE FORMAT'
  | 'WAREHOUSE'
  | 'ROLE'
  | 'USER'
  | 'STREAM'
  | 'TASK'
  | 'ALERT'
  | 'RESOURCE MONITOR'

export type ObjectKind = PlainKind | 'TABLE' | 'VIEW' | 'MATERIALIZED VIEW' | 'DYNAMIC TABLE' | 'EXTERNAL TABLE'

export interface MonitorTrigger {
  readonly percent: number
  readonly action: 'SUSPEND' | 'SUSPEND_IMMEDIATE' | 'NOTIFY'
}

export interface CreateObject extends Creation {
  readonly kind: 'createObject'
  readonly object: PlainKind
  readonly transient: boolean
  readonly temporary: boolean
  readonly options: Options
  readonly clone: CloneSource | undefined
  /** Of a stream: what it is on, and from when. */
  readonly on: { readonly kind: string; readonly name: ObjectName; readonly travel: TimeTravel | undefined } | undefined
  /** Of a task: the tasks before it, its condition, the statement. Of an alert: condition and action. */
  readonly after: readonly ObjectName[]
  readonly conditionText: string | undefined
  readonly actionText: string | undefined
  readonly triggers: readonly MonitorTrigger[]
}

export type TableChange =
  | { readonly kind: 'rename'; readonly to: ObjectName }
  | { readonly kind: 'swap'; readonly with: ObjectName }
  | { readonly kind: 'addColumns'; readonly ifNotExists: boolean; readonly columns: readonly ColumnDefinition[] }
  | { readonly kind: 'dropColumns'; readonly ifExists: boolean; readonly columns: readonly Identifier[] }
  | { readonly kind: 'renameColumn'; readonly from: Identifier; readonly to: Identifier }
  | { readonly kind: 'alterColumns'; readonly changes: readonly ColumnChange[] }
  | { readonly kind: 'addConstraint'; readonly constraint: TableConstraint }
  | { readonly kind: 'dropConstraint'; readonly constraint: string }
  | { readonly kind: 'clusterBy'; readonly keys: string | undefined }
  /** RESUME, SUSPEND, REFRESH, SUSPEND RECLUSTER …: said and heard, with nothing to be done here. */
  | { readonly kind: 'acknowledge'; readonly words: string }
  | { readonly kind: 'set'; readonly options: Options }
  | { readonly kind: 'unset'; readonly names: readonly string[] }
  | { readonly kind: 'secure'; readonly secure: boolean }

export type ColumnChange = { readonly column: Identifier } & (
  | { readonly kind: 'type'; readonly type: TypeName }
  | { readonly kind: 'notNull'; readonly notNull: boolean }
  | { readonly kind: 'comment'; readonly comment: string | undefined }
  | { readonly kind: 'dropDefault' }
  | { readonly kind: 'default'; readonly expression: Expression; readonly text: string }
)

export interface AlterTable {
  readonly kind: 'alterTable'
  readonly object: 'TABLE' | 'VIEW' | 'MATERIALIZED VIEW' | 'DYNAMIC TABLE' | 'EXTERNAL TABLE'
  readonly name: ObjectName
  readonly ifExists: boolean
  readonly change: TableChange
}

export interface AlterObject {
  readonly kind: 'alterObject'
  readonly object: PlainKind
  readonly name: ObjectName
  readonly ifExists: boolean
  readonly change:
    | { readonly kind: 'rename'; readonly to: ObjectName }
    | { readonly kind: 'swap'; readonly with: ObjectName }
    | { readonly kind: 'set'; readonly options: Options; readonly triggers: readonly MonitorTrigger[] }
    | { readonly kind: 'unset'; readonly names: readonly string[] }
    /** RESUME, SUSPEND, ABORT ALL QUERIES, REFRESH. */
    | { readonly kind: 'act'; readonly words: string }
    | { readonly kind: 'after'; readonly add: boolean; readonly tasks: readonly ObjectName[] }
    | { readonly kind: 'modify'; readonly part: 'AS' | 'WHEN' | 'CONDITION' | 'ACTION'; readonly text: string }
}

export interface Drop {
  readonly kind: 'drop'
  readonly object: ObjectKind
  readonly name: ObjectName
  readonly ifExists: boolean
  readonly cascade: boolean
  readonly restrict: boolean
}

export interface Undrop {
  readonly kind: 'undrop'
  readonly object: 'TABLE' | 'SCHEMA' | 'DATABASE'
  readonly name: ObjectName
}

export interface GrantTarget {
  /** `TABLE`, `SCHEMA`, …; `ACCOUNT` has no name. A missing kind is a table or view. */
  readonly kind: string
  readonly name: ObjectName | undefined
  /** ALL TABLES IN SCHEMA x, FUTURE TABLES IN DATABASE y. */
  readonly scope: 'ALL' | 'FUTURE' | undefined
  readonly container: 'SCHEMA' | 'DATABASE' | undefined
}

export type Grant =
  | {
      readonly kind: 'grant' | 'revoke'
      readonly privileges: readonly string[]
      readonly on: GrantTarget
      readonly grantee: { readonly kind: 'ROLE' | 'USER' | 'SHARE'; readonly name: Identifier }
      readonly withGrantOption: boolean
    }
  | {
      readonly kind: 'grantRole' | 'revokeRole'
      readonly role: Identifier
      readonly grantee: { readonly kind: 'ROLE' | 'USER'; readonly name: Identifier }
    }
  | {
      readonly kind: 'grantOwnership'
      readonly on: GrantTarget
      readonly role: Identifier
      readonly currentGrants: 'COPY' | 'REVOKE' | undefined
    }

export interface Comment {
  readonly kind: 'comment'
  readonly object: string
  readonly name: ObjectName
  readonly ifExists: boolean
  readonly comment: string
}

export type DdlStatement =
  | CreateTable
  | CreateView
  | CreateObject
  | AlterTable
  | AlterObject
  | Drop
  | Undrop
  | Grant
  | Comment
