/*
 * Words of Snowflake's SQL. A token keeps where it began, because errors name line and position and because views, tasks
 * and policies keep the very text they were written with.
 */

export type Token =
  | {
      readonly kind: 'word'
      readonly text: string
      readonly upper: string
      readonly start: number
      readonly end: number
    }
  | { readonly kind: TextTokenKind; readonly text: string; readonly start: number; readonly end: number }

/**
 * `quoted`: an identifier in double quotes, without them. `string`: the value of a literal. `bind`: `?` or the number of
 * `:1`. `column`: the number of `$1`. `variable`: the name of `$name`. `stage`: a location after `@`, without it.
 * `path`: a `file://…` of PUT and GET. `symbol`: operators and punctuation.
 */
export type TextTokenKind =
  | 'quoted'
  | 'string'
  | 'number'
  | 'bind'
  | 'column'
  | 'variable'
  | 'stage'
  | 'path'
  | 'symbol'
  | 'end'
