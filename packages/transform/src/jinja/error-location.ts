import type { Activation } from './frame.ts'
import { OperationError, TemplateError } from './template-error.ts'

/** What `returnFromMacro` gives. Where it is not the whole of a statement it is thrown; it is no error, and has no stack. */
export class MacroReturn {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/**
 * As the result of a host's function it ends the innermost running macro and makes the value, of any type, the result of its
 * call: dbt's `return(value)`.
 */
export function returnFromMacro(value: unknown): MacroReturn {
  return new MacroReturn(value)
}

/** Unwinds to the macro from the middle of an expression. */
export function unwind(value: unknown): unknown {
  // oxlint-disable-next-line typescript/only-throw-error -- no one may mistake it for an error
  if (value instanceof MacroReturn) throw value
  return value
}

/** Gives an error the place that the activation has got to, unless it has one already. */
export function locateError(error: unknown, activation: Activation): unknown {
  if (error instanceof TemplateError || error instanceof MacroReturn) return error
  if (activation.budget.signal?.aborted && error === activation.budget.signal.reason) return error
  const { line, column } = activation.node?.position ?? { line: 1, column: 1 }
  const place = { templateName: activation.templateName, line, column }
  if (error instanceof OperationError) return new TemplateError({ kind: error.kind, reason: error.message, ...place })
  if (isStackOverflow(error))
    return new TemplateError({ kind: 'limit', reason: 'the template is nested too deeply', ...place })
  return new TemplateError({
    kind: 'host',
    reason: error instanceof Error ? error.message : String(error),
    ...place,
    cause: error,
  })
}

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('call stack')
}

/** Notes on an error that leaves a macro who called that macro, and from where. */
export function addCaller(error: unknown, macroName: string, caller: Activation): unknown {
  if (!(error instanceof TemplateError)) return error
  const { line, column } = caller.node?.position ?? { line: 1, column: 1 }
  const entry = { macroName, templateName: caller.templateName, line, column }
  const { kind, reason, templateName, cause } = error
  const place = { templateName, line: error.line, column: error.column }
  return new TemplateError({ kind, reason, ...place, macroStack: [...error.macroStack, entry], cause })
}
