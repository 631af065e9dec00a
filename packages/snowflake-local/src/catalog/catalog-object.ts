import type { MonitorTrigger, TableConstraint } from '../parse/ast-ddl.ts'
import type { Options } from '../parse/ast-option.ts'
import type { SqlType } from './sql-type.ts'

/*
 * The catalog is a tree in memory, which DDL changes after its DuckDB statements have been committed. Physical names in
 * DuckDB come from ids and never change, so that RENAME, SWAP and UNDROP touch the catalog alone, and so that names which
 * differ in case only do not meet in DuckDB, which takes them for one.
 */

interface Named {
  readonly id: number
  name: string
  /** The role that owns it. */
  owner: string
  comment: string
  createdMs: number
}

export interface Column {
  name: string
  /** Of DuckDB's column. */
  readonly physical: string
  type: SqlType
  nullable: boolean
  /** The text of the expression. */
  default: string | undefined
  identity: { readonly sequence: string; readonly start: string; readonly increment: string } | undefined
  comment: string
}

export interface Table extends Named {
  readonly kind: 'TABLE'
  physical: string
  columns: Column[]
  constraints: TableConstraint[]
  lifetime: 'permanent' | 'transient' | 'temporary'
  clusterBy: string | undefined
  retentionDays: number
  alteredMs: number
  /** For the next column's physical name. */
  columnSerial: number
  dynamic: DynamicTable | undefined
}

export interface DynamicTable {
  readonly queryText: string
  targetLag: string
  warehouse: string
  refreshMode: string
}

export interface View extends Named {
  readonly kind: 'VIEW'
  queryText: string
  columns: { name: string; comment: string; type: SqlType; nullable: boolean }[]
  secure: boolean
  materialized: boolean
  temporary: boolean
  alteredMs: number
}

export interface Sequence extends Named {
  readonly kind: 'SEQUENCE'
  readonly physical: string
  start: string
  increment: string
}

export interface Stage extends Named {
  readonly kind: 'STAGE'
  options: Options
  temporary: boolean
}

export interface FileFormat extends Named {
  readonly kind: 'FILE FORMAT'
  options: Options
}

export interface Stream extends Named {
  readonly kind: 'STREAM'
  tableId: number
  tableName: string
  appendOnly: boolean
  /** The version of the table up to which its changes have been consumed. */
  offset: number
}

export interface Task extends Named {
  readonly kind: 'TASK'
  warehouse: string | undefined
  schedule: string | undefined
  after: string[]
  condition: string | undefined
  definition: string
  state: 'started' | 'suspended'
}

export interface Alert extends Named {
  readonly kind: 'ALERT'
  warehouse: string | undefined
  schedule: string | undefined
  condition: string
  action: string
  state: 'started' | 'suspended'
}

/** Named with the types of its parameters, by which several of one name differ: `LOAD(NUMBER, VARCHAR)`. */
export interface Procedure extends Named {
  readonly kind: 'PROCEDURE'
  readonly parameters: readonly {
    readonly name: string
    readonly type: string
    readonly default: string | undefined
  }[]
  readonly returns: string
  readonly returnsTable: boolean
  readonly executeAs: 'OWNER' | 'CALLER'
  readonly body: string
}

export type Relation = Table | View
export type SchemaObject = Relation | Sequence | Stage | FileFormat | Stream | Task | Alert | Procedure
export type SchemaObjectKind = SchemaObject['kind']

export interface Schema extends Named {
  readonly kind: 'SCHEMA'
  transient: boolean
  /** DATA_RETENTION_TIME_IN_DAYS of tables that have none of their own; absent: that of the database. */
  retentionDays?: number
  /** By `KIND name`; tables and views share the kind RELATION. */
  objects: Map<string, SchemaObject>
  dropped: { object: SchemaObject; droppedMs: number }[]
}

export interface Database extends Named {
  readonly kind: 'DATABASE'
  transient: boolean
  retentionDays?: number
  schemas: Map<string, Schema>
  dropped: { object: Schema; droppedMs: number }[]
}

export interface Warehouse extends Named {
  readonly kind: 'WAREHOUSE'
  size: string
  autoSuspendS: number
  autoResume: boolean
  suspended: boolean
  resourceMonitor: string | undefined
}

export interface Role extends Named {
  readonly kind: 'ROLE'
}

export interface User extends Named {
  readonly kind: 'USER'
  options: Options
}

export interface ResourceMonitor extends Named {
  readonly kind: 'RESOURCE MONITOR'
  creditQuota: number | undefined
  frequency: string
  triggers: readonly MonitorTrigger[]
}

export type AccountObject = Warehouse | Role | User | ResourceMonitor

export interface GrantRecord {
  readonly privilege: string
  /** The kind of object, and its id; 0 for the account. */
  readonly kind: string
  readonly objectId: number
  readonly role: string
  readonly grantOption: boolean
  readonly grantedBy: string
  readonly createdMs: number
}

/** Of objects that will be made in a container. */
export interface FutureGrant {
  readonly privilege: string
  readonly kind: string
  readonly containerId: number
  readonly role: string
}

export interface RoleGrant {
  readonly role: string
  readonly grantee: { readonly kind: 'ROLE' | 'USER'; readonly name: string }
}
