import { errorCatalogue } from './error-code.ts'
import { EclusaError } from './error.ts'
import { loggable } from './loggable.ts'

/** How much of an error is shown. */
export interface FormatErrorOptions {
  /** Adds the stack and the chain of causes. Default: false. */
  readonly debug?: boolean
  /** Applied to the whole text; see `redactor`. Default: nothing is redacted. */
  readonly redact?: (text: string) => string
}

/**
 * The one text form of an error for people: what happened, what to do about it, and the code to look it up by.
 *
 * An error that is no `EclusaError` is a fault of the program: it appears as INTERNAL with that code's remedy.
 *
 * @example
 * Cannot connect to 127.0.0.1:5432: connection refused.
 *   Remedy: Start the server, or correct host and port.
 *   Code:   CONNECTION_REFUSED
 */
export function formatError(error: unknown, options: FormatErrorOptions = {}): string {
  // Before the indentation, which would tear a secret of several lines apart.
  const { redact = (text) => text } = options
  const { message, remedy, code } = describe(error)
  const lines = [redact(message), `  Remedy: ${indent(redact(remedy))}`, `  Code:   ${code}`]
  if (options.debug === true) lines.push(...debugLines(error, redact))
  return lines.join('\n')
}

function describe(error: unknown): { message: string; remedy: string; code: string } {
  if (EclusaError.isInstance(error)) return error
  const message = `Unexpected fault: ${textOfThrown(error)}`
  return { message, remedy: errorCatalogue.INTERNAL.remedy, code: 'INTERNAL' }
}

function textOfThrown(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message
  return typeof thrown === 'string' ? thrown : JSON.stringify(loggable(thrown, (text) => text))
}

function debugLines(error: unknown, redact: (text: string) => string): string[] {
  return chainOf(error).map((link, index) => {
    const text = link instanceof Error ? (link.stack ?? `${link.name}: ${link.message}`) : textOfThrown(link)
    return `  ${index === 0 ? 'Stack: ' : 'Cause: '} ${indent(redact(text))}`
  })
}

/** The error, its causes and what it aggregates, each once: a chain of causes may be a circle. */
function chainOf(error: unknown, above: ReadonlySet<unknown> = new Set()): unknown[] {
  if (error === undefined || above.has(error)) return []
  const seen = new Set([...above, error])
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : []
  const cause = error instanceof Error ? error.cause : undefined
  return [error, ...[cause, ...inner].flatMap((link) => chainOf(link, seen))]
}

/** Continues a text below the first word after its label. */
function indent(text: string): string {
  return text.replaceAll('\n', `\n${' '.repeat(10)}`)
}
