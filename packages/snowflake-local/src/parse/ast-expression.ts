import type { Query } from './ast-query.ts'

/** An identifier after folding: upper case unless it was quoted. */
export type Identifier = string

/** `database.schema.name`, from the left; what was left out is not there. */
export interface ObjectName {
  readonly parts: readonly Identifier[]
  /** Where it stands in the statement's text, for errors. */
  readonly at: number
}

/** A type as written: its words in upper case and the numbers in brackets. */
export interface TypeName {
  readonly word: string
  readonly arguments: readonly number[]
}

export interface OrderKey {
  readonly expression: Expression
  readonly descending: boolean
  readonly nulls: 'FIRST' | 'LAST' | undefined
}

export interface WindowFrame {
  readonly unit: 'ROWS' | 'RANGE'
  readonly start: FrameBound
  readonly end: FrameBound | undefined
}

export type FrameBound =
  | { readonly kind: 'unboundedPreceding' | 'unboundedFollowing' | 'currentRow' }
  | { readonly kind: 'preceding' | 'following'; readonly offset: Expression }

export interface WindowDefinition {
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly OrderKey[]
  readonly frame: WindowFrame | undefined
}

export type PathStep =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'element'; readonly index: Expression }

export interface Call {
  readonly kind: 'call'
  readonly name: Identifier
  /** The name with what stood before it, such as `information_schema` or a class. */
  readonly qualifier: readonly Identifier[]
  readonly at: number
  readonly arguments: readonly Expression[]
  readonly named: readonly { readonly name: string; readonly value: Expression }[]
  /** `f(*)` and `f(t.*)`. */
  readonly star: boolean
  readonly distinct: boolean
  readonly withinGroup: readonly OrderKey[]
  readonly nulls: 'IGNORE' | 'RESPECT' | undefined
  readonly over: WindowDefinition | undefined
}

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='
export type BinaryOperator = ComparisonOperator | 'AND' | 'OR' | '+' | '-' | '*' | '/' | '%' | '||'

export type Expression =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'default' }
  | { readonly kind: 'bind'; readonly index: number }
  | { readonly kind: 'variable'; readonly name: Identifier }
  /** `quoted` of the last part: a bare word may turn out to be no column but a word, such as a part of a date. */
  | { readonly kind: 'column'; readonly name: ObjectName; readonly quoted: boolean }
  | { readonly kind: 'position'; readonly qualifier: Identifier | undefined; readonly index: number }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'is'
      readonly operand: Expression
      readonly test: 'NULL' | 'TRUE' | 'FALSE'
      readonly negated: boolean
    }
  | { readonly kind: 'distinct'; readonly left: Expression; readonly right: Expression; readonly negated: boolean }
  | {
      readonly kind: 'between'
      readonly operand: Expression
      readonly low: Expression
      readonly high: Expression
      readonly negated: boolean
    }
  | {
      readonly kind: 'in'
      readonly operand: Expression
      readonly values: readonly Expression[]
      readonly negated: boolean
    }
  | { readonly kind: 'inQuery'; readonly operand: Expression; readonly query: Query; readonly negated: boolean }
  | {
      readonly kind: 'compareQuery'
      readonly operator: ComparisonOperator
      readonly quantifier: 'ANY' | 'ALL'
      readonly operand: Expression
      readonly query: Query
    }
  | {
      readonly kind: 'like'
      readonly operator: 'LIKE' | 'ILIKE' | 'RLIKE'
      readonly operand: Expression
      readonly patterns: readonly Expression[]
      readonly quantifier: 'ANY' | 'ALL' | undefined
      readonly escape: Expression | undefined
      readonly negated: boolean
    }
  | {
      readonly kind: 'case'
      readonly operand: Expression | undefined
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[]
      readonly otherwise: Expression | undefined
    }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: TypeName; readonly tries: boolean }
  | { readonly kind: 'interval'; readonly text: string }
  | { readonly kind: 'path'; readonly operand: Expression; readonly steps: readonly PathStep[] }
  | Call
  | { readonly kind: 'exists'; readonly query: Query }
  | { readonly kind: 'subquery'; readonly query: Query }
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly { readonly key: Expression; readonly value: Expression }[] }
  | { readonly kind: 'lambda'; readonly parameters: readonly Identifier[]; readonly body: Expression }
