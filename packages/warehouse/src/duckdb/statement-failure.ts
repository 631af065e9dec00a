import type { StatementFailure } from '../dialect.ts'

/** What DuckDB writes with `errors_as_json`; all values are strings. */
interface DuckDbErrorDocument {
  readonly exception_type: string
  readonly exception_message: string
  /** 0-based byte offset into the statement. */
  readonly position?: string
}

/**
 * Reads both forms of DuckDB's errors: `Catalog Error: message` with a caret below the line, and the JSON document of
 * `errors_as_json`, which alone carries an exact position.
 */
export function classifyDuckdbError(error: unknown, sql: string): StatementFailure {
  const text = error instanceof Error ? error.message : String(error)
  const json = parseDocument(text)
  const type = json?.exception_type ?? /^([A-Z][A-Za-z ]*?) Error: /.exec(text)?.[1]
  const message =
    json?.exception_message ?? text.replace(/\n\nLINE \d+: [\s\S]*$/, '').replace(/^[A-Z][A-Za-z ]*? Error: /, '')
  return {
    code: type === undefined ? undefined : `${type} Error`,
    message,
    position: positionIn(sql, json?.position),
    kind: kindOf(type, message),
  }
}

function parseDocument(text: string): DuckDbErrorDocument | undefined {
  const start = text.indexOf('{"exception_type"')
  if (start === -1) return undefined
  try {
    return JSON.parse(text.slice(start)) as DuckDbErrorDocument
  } catch {
    return undefined
  }
}

/** Offsets of an error inside a view's text point nowhere in the statement. */
function positionIn(sql: string, byteOffset: string | undefined): number | undefined {
  if (byteOffset === undefined) return undefined
  const before = Buffer.from(sql).subarray(0, Number(byteOffset))
  return before.length < Number(byteOffset) ? undefined : before.toString().length + 1
}

function kindOf(type: string | undefined, message: string): StatementFailure['kind'] {
  if (type === 'INTERRUPT') return 'cancelled'
  if (type === 'Out of Memory') return 'memory'
  if (/conflict/i.test(message) && /^TransactionContext$/i.test(type ?? '')) return 'conflict'
  if (/connection (was )?(already )?closed|database has been invalidated/i.test(message)) return 'connection'
  return 'statement'
}
