import type { Call, Expression, Identifier, ObjectName, OrderKey } from './ast-expression.ts'
import type { Options } from './ast-option.ts'

export interface Query {
  readonly kind: 'query'
  readonly with: readonly CommonTable[]
  readonly body: QueryBody
  readonly orderBy: readonly OrderKey[]
  /** ORDER BY ALL. */
  readonly orderByAll: boolean
  readonly limit: Expression | undefined
  readonly offset: Expression | undefined
}

export interface CommonTable {
  readonly name: Identifier
  readonly columns: readonly Identifier[]
  readonly query: Query
  readonly recursive: boolean
}

export type QueryBody = Select | SetOperation | Values | Query

export interface SetOperation {
  readonly kind: 'set'
  readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT'
  readonly all: boolean
  readonly byName: boolean
  readonly left: QueryBody
  readonly right: QueryBody
}

export interface Values {
  readonly kind: 'values'
  readonly rows: readonly (readonly Expression[])[]
}

export interface Select {
  readonly kind: 'select'
  readonly distinct: boolean
  readonly top: Expression | undefined
  readonly items: readonly SelectItem[]
  readonly from: TableExpression | undefined
  readonly where: Expression | undefined
  readonly groupBy: GroupBy | undefined
  readonly having: Expression | undefined
  readonly qualify: Expression | undefined
}

export type SelectItem =
  | {
      readonly kind: 'expression'
      readonly expression: Expression
      readonly alias: Identifier | undefined
      /** As written, from which Snowflake names a column without an alias. */
      readonly text: string
    }
  | StarItem

export interface StarItem {
  readonly kind: 'star'
  readonly qualifier: ObjectName | undefined
  readonly ilike: string | undefined
  readonly exclude: readonly Identifier[]
  readonly replace: readonly { readonly expression: Expression; readonly name: Identifier }[]
  readonly rename: readonly { readonly from: Identifier; readonly to: Identifier }[]
}

export type GroupBy =
  | { readonly kind: 'all' }
  | { readonly kind: 'elements'; readonly elements: readonly GroupElement[] }

export type GroupElement =
  | { readonly kind: 'key'; readonly expression: Expression }
  | { readonly kind: 'ROLLUP' | 'CUBE' | 'GROUPING SETS'; readonly sets: readonly (readonly Expression[])[] }

/** AT and BEFORE. */
export interface TimeTravel {
  readonly before: boolean
  readonly point: 'TIMESTAMP' | 'OFFSET' | 'STATEMENT' | 'STREAM'
  readonly value: Expression
}

export interface TableAlias {
  readonly name: Identifier
  readonly columns: readonly Identifier[]
}

export type JoinKind = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | 'ASOF'

export interface Join {
  readonly kind: 'join'
  readonly join: JoinKind
  readonly natural: boolean
  readonly left: TableExpression
  readonly right: TableExpression
  readonly on: Expression | undefined
  readonly using: readonly Identifier[]
  /** Of ASOF. */
  readonly matchCondition: Expression | undefined
}

export interface Pivot {
  readonly kind: 'pivot'
  readonly source: TableExpression
  readonly aggregate: Call
  readonly column: Identifier
  readonly values: readonly { readonly value: Expression; readonly alias: Identifier | undefined }[]
  /** `IN (ANY)`, and `IN (SELECT …)`. */
  readonly from: 'ANY' | Query | undefined
  readonly defaultOnNull: Expression | undefined
  readonly alias: TableAlias | undefined
}

export interface Unpivot {
  readonly kind: 'unpivot'
  readonly source: TableExpression
  readonly includeNulls: boolean
  readonly valueColumn: Identifier
  readonly nameColumn: Identifier
  readonly columns: readonly { readonly name: Identifier; readonly alias: string | undefined }[]
  readonly alias: TableAlias | undefined
}

export interface Sample {
  readonly kind: 'percent' | 'rows'
  readonly amount: Expression
  readonly seed: Expression | undefined
}

export type TableExpression =
  | {
      readonly kind: 'table'
      readonly name: ObjectName
      readonly travel: TimeTravel | undefined
      readonly changes: 'DEFAULT' | 'APPEND_ONLY' | undefined
      readonly alias: TableAlias | undefined
      readonly sample: Sample | undefined
    }
  | {
      readonly kind: 'derived'
      readonly query: Query
      readonly alias: TableAlias | undefined
      readonly sample: Sample | undefined
    }
  | { readonly kind: 'function'; readonly call: Call; readonly alias: TableAlias | undefined }
  | {
      readonly kind: 'stage'
      readonly location: string
      readonly options: Options
      readonly alias: TableAlias | undefined
    }
  | Join
  | Pivot
  | Unpivot
