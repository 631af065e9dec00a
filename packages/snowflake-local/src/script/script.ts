/*
 * Snowflake Scripting as a tree. Expressions and statements are kept as texts: they are run as statements of their own,
 * with the values of the variables that they name put in as literals.
 */

export interface Block {
  readonly declarations: readonly Step[]
  readonly body: readonly Step[]
  readonly handlers: readonly Handler[]
}

export interface Handler {
  /** Folded names of exceptions; OTHER is for all. */
  readonly names: readonly string[]
  readonly body: readonly Step[]
}

export type Step =
  | {
      readonly kind: 'let'
      readonly name: string
      readonly type: string | undefined
      readonly value: string | undefined
    }
  /** A RESULTSET is read when it is declared, a CURSOR when it is gone through. */
  | { readonly kind: 'letRows'; readonly name: string; readonly query: string; readonly isCursor: boolean }
  | { readonly kind: 'exception'; readonly name: string; readonly number: string; readonly message: string }
  | { readonly kind: 'assign'; readonly name: string; readonly value: string }
  | { readonly kind: 'if'; readonly branches: readonly Branch[] }
  | {
      readonly kind: 'range'
      readonly name: string
      readonly from: string
      readonly to: string
      readonly reverse: boolean
      readonly body: readonly Step[]
    }
  | { readonly kind: 'rows'; readonly name: string; readonly over: string; readonly body: readonly Step[] }
  /** WHILE has a condition before, REPEAT one behind, LOOP none. */
  | { readonly kind: 'loop'; readonly before?: string; readonly behind?: string; readonly body: readonly Step[] }
  | { readonly kind: 'leave'; readonly again: boolean }
  | { readonly kind: 'return'; readonly value: string | undefined; readonly rows: string | undefined }
  | { readonly kind: 'raise'; readonly name: string | undefined }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'sql'; readonly text: string }
  | { readonly kind: 'block'; readonly block: Block }

export interface Branch {
  /** None for ELSE. */
  readonly condition: string | undefined
  readonly body: readonly Step[]
}
