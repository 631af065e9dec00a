/** Where something stands in a template's source: line and column count from 1, offset from 0 in UTF-16 units. */
export interface SourcePosition {
  readonly line: number
  readonly column: number
  readonly offset: number
}

/** One macro that was being executed when an error was raised, and the place from which it was called. */
export interface MacroStackEntry {
  readonly macroName: string
  readonly templateName: string
  readonly line: number
  readonly column: number
}

/**
 * What went wrong, named after the exception that Python's Jinja2 raises in the same place. `host` is an error thrown
 * by a function of the host (it is the `cause`), `limit` a limit of the environment.
 */
export type TemplateErrorKind =
  | 'syntax'
  | 'assertion'
  | 'undefined'
  | 'runtime'
  | 'filter-argument'
  | 'type'
  | 'value'
  | 'key'
  | 'index'
  | 'attribute'
  | 'zero-division'
  | 'overflow'
  | 'host'
  | 'limit'

interface TemplateErrorFacts {
  readonly kind: TemplateErrorKind
  /** The message without any place. */
  readonly reason: string
  readonly templateName: string
  readonly line: number
  readonly column: number
  readonly macroStack?: readonly MacroStackEntry[]
  readonly cause?: unknown
}

/**
 * A template cannot be parsed or rendered. `message` holds the reason, the place, and one line per macro that was being
 * executed, innermost first; the parts are there as properties too.
 */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly kind: TemplateErrorKind
  readonly reason: string
  readonly templateName: string
  readonly line: number
  readonly column: number
  readonly macroStack: readonly MacroStackEntry[]

  constructor(facts: TemplateErrorFacts) {
    super(describe(facts), facts.cause === undefined ? undefined : { cause: facts.cause })
    this.kind = facts.kind
    this.reason = facts.reason
    this.templateName = facts.templateName
    this.line = facts.line
    this.column = facts.column
    this.macroStack = facts.macroStack ?? []
  }
}

function describe(facts: TemplateErrorFacts): string {
  const place = `${facts.reason}\n  at ${facts.templateName}:${facts.line}:${facts.column}`
  const stack = (facts.macroStack ?? []).map(
    (entry) => `\n  in macro ${entry.macroName}, called at ${entry.templateName}:${entry.line}:${entry.column}`,
  )
  return place + stack.join('')
}

/** An error of an operation on values, which does not know its place yet; the evaluator turns it into a TemplateError. */
export class OperationError extends Error {
  override readonly name = 'OperationError'
  readonly kind: TemplateErrorKind

  constructor(kind: TemplateErrorKind, message: string) {
    super(message)
    this.kind = kind
  }
}

export function typeError(message: string): OperationError {
  return new OperationError('type', message)
}

export function valueError(message: string): OperationError {
  return new OperationError('value', message)
}
