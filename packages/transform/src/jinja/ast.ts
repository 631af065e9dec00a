import type { SourcePosition } from './template-error.ts'

/**
 * The syntax tree. Every node is a plain object with a `kind` and the position of its first token (of its operator for
 * operations, calls and items), so that a host can walk it. Properties are in the order in which names are declared and used.
 */
interface NodeBase {
  readonly position: SourcePosition
}

export interface Constant extends NodeBase {
  readonly kind: 'Constant'
  readonly value: unknown
}

export interface Name extends NodeBase {
  readonly kind: 'Name'
  readonly name: string
}

interface TupleExpression extends NodeBase {
  readonly kind: 'Tuple'
  readonly items: readonly Expression[]
}

interface ListExpression extends NodeBase {
  readonly kind: 'List'
  readonly items: readonly Expression[]
}

export interface DictExpression extends NodeBase {
  readonly kind: 'Dict'
  readonly entries: readonly { readonly key: Expression; readonly value: Expression }[]
}

export interface Conditional extends NodeBase {
  readonly kind: 'Conditional'
  readonly test: Expression
  readonly consequent: Expression
  readonly alternative: Expression | undefined
}

export interface Logical extends NodeBase {
  readonly kind: 'Logical'
  readonly operator: 'and' | 'or'
  readonly left: Expression
  readonly right: Expression
}

export type UnaryOperator = 'not' | '-' | '+'

export interface Unary extends NodeBase {
  readonly kind: 'Unary'
  readonly operator: UnaryOperator
  readonly operand: Expression
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**'

export interface Binary extends NodeBase {
  readonly kind: 'Binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

export interface Concatenation extends NodeBase {
  readonly kind: 'Concatenation'
  readonly items: readonly Expression[]
}

export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

export interface Comparison extends NodeBase {
  readonly kind: 'Comparison'
  readonly first: Expression
  readonly rest: readonly { readonly operator: ComparisonOperator; readonly operand: Expression }[]
}

export interface Attribute extends NodeBase {
  readonly kind: 'Attribute'
  readonly object: Expression
  readonly name: string
}

export interface Item extends NodeBase {
  readonly kind: 'Item'
  readonly object: Expression
  readonly index: Expression
}

/** `start:stop:step`, only inside the brackets of an Item. */
export interface Slice extends NodeBase {
  readonly kind: 'Slice'
  readonly start: Expression | undefined
  readonly stop: Expression | undefined
  readonly step: Expression | undefined
}

export interface CallArguments {
  readonly positional: readonly Expression[]
  readonly keywords: readonly { readonly name: string; readonly value: Expression }[]
  readonly spread: Expression | undefined
  readonly keywordSpread: Expression | undefined
}

export interface Call extends NodeBase {
  readonly kind: 'Call'
  readonly callee: Expression
  readonly arguments: CallArguments
}

/** `operand` is absent for the innermost filter of a filter block or of a block assignment: it takes the block's text. */
export interface Filter extends NodeBase {
  readonly kind: 'Filter'
  readonly operand: Expression | undefined
  readonly name: string
  readonly arguments: CallArguments
}

export interface Test extends NodeBase {
  readonly kind: 'Test'
  readonly operand: Expression
  readonly name: string
  readonly arguments: CallArguments
}

export type Expression =
  | Constant
  | Name
  | TupleExpression
  | ListExpression
  | DictExpression
  | Conditional
  | Logical
  | Unary
  | Binary
  | Concatenation
  | Comparison
  | Attribute
  | Item
  | Slice
  | Call
  | Filter
  | Test

export interface NameTarget extends NodeBase {
  readonly kind: 'NameTarget'
  readonly name: string
}

export interface NamespaceTarget extends NodeBase {
  readonly kind: 'NamespaceTarget'
  readonly name: string
  readonly attribute: string
}

export interface TupleTarget extends NodeBase {
  readonly kind: 'TupleTarget'
  readonly items: readonly Target[]
}

export type Target = NameTarget | NamespaceTarget | TupleTarget

export interface Data extends NodeBase {
  readonly kind: 'Data'
  readonly text: string
}

export interface Output extends NodeBase {
  readonly kind: 'Output'
  readonly value: Expression
}

export interface If extends NodeBase {
  readonly kind: 'If'
  readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[]
  readonly otherwise: readonly Statement[]
}

export interface For extends NodeBase {
  readonly kind: 'For'
  readonly target: Target
  readonly iterable: Expression
  readonly body: readonly Statement[]
  readonly otherwise: readonly Statement[]
  readonly condition: Expression | undefined
  readonly recursive: boolean
}

export interface Assign extends NodeBase {
  readonly kind: 'Assign'
  readonly target: Target
  readonly value: Expression
}

export interface AssignBlock extends NodeBase {
  readonly kind: 'AssignBlock'
  readonly target: Target
  readonly filter: Filter | undefined
  readonly body: readonly Statement[]
}

/** `annotation` is the text of an optional type annotation (`name: list[string]`), which has no effect on rendering. */
export interface Parameter extends NodeBase {
  readonly kind: 'Parameter'
  readonly name: string
  readonly annotation: string | undefined
  readonly default: Expression | undefined
}

/** What a macro's body asks for beyond its parameters, by naming `varargs`, `kwargs` or `caller` without declaring it. */
export interface MacroCatches {
  readonly varargs: boolean
  readonly kwargs: boolean
  readonly caller: boolean
}

/**
 * A macro, also one that stands for a host's own tag (then `tag` is that tag's name and `settings` what the host noted).
 * `start` and `end` are offsets around the whole block, tags included; `bodyStart` and `bodyEnd` around its body.
 */
export interface Macro extends NodeBase {
  readonly kind: 'Macro'
  readonly tag: string
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly body: readonly Statement[]
  readonly catches: MacroCatches
  readonly settings: Readonly<Record<string, unknown>>
  readonly start: number
  readonly end: number
  readonly bodyStart: number
  readonly bodyEnd: number
}

export interface CallBlock extends NodeBase {
  readonly kind: 'CallBlock'
  readonly call: Call
  readonly parameters: readonly Parameter[]
  readonly body: readonly Statement[]
  readonly catches: MacroCatches
}

export interface FilterBlock extends NodeBase {
  readonly kind: 'FilterBlock'
  readonly filter: Filter
  readonly body: readonly Statement[]
}

export interface With extends NodeBase {
  readonly kind: 'With'
  readonly targets: readonly Target[]
  readonly values: readonly Expression[]
  readonly body: readonly Statement[]
}

export interface Do extends NodeBase {
  readonly kind: 'Do'
  readonly expression: Expression
}

interface LoopControl extends NodeBase {
  readonly kind: 'Break' | 'Continue'
}

export type Statement =
  | Data
  | Output
  | If
  | For
  | Assign
  | AssignBlock
  | Macro
  | CallBlock
  | FilterBlock
  | With
  | Do
  | LoopControl

export type Node = Expression | Statement | Target | Parameter

export interface TemplateTree {
  readonly name: string
  /** The normalized source that offsets refer to. */
  readonly source: string
  readonly body: readonly Statement[]
}
