import type { QueryResult } from '@eclusa/sdk'
import { attributeOf, itemOf, reprOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { reprOfValue } from '../jinja/python-text.ts'

/** dbt's `AdapterResponse`: what the warehouse said of a statement. Prints as its message. */
export class AdapterResponse implements HostObject {
  readonly _message: string
  readonly code: string | undefined
  readonly rows_affected: number | undefined
  /** Rows that a statement wrote, also where dbt's answer does not say; undefined for what writes none. */
  readonly rowsWritten: number | undefined
  readonly [typeNameOf] = 'AdapterResponse'

  constructor(
    message: string,
    facts: { readonly code?: string; readonly rowsAffected?: number; readonly rowsWritten?: number } = {},
  ) {
    this._message = message
    this.code = facts.code
    this.rows_affected = facts.rowsAffected
    const rows = facts.rowsWritten ?? facts.rowsAffected
    this.rowsWritten = rows === undefined || rows < 0 ? undefined : rows
  }

  /** As run_results.json has it: without the keys that the warehouse does not fill. */
  toRecord(): Record<string, unknown> {
    return {
      _message: this._message,
      ...(this.code === undefined ? {} : { code: this.code }),
      ...(this.rows_affected === undefined ? {} : { rows_affected: this.rows_affected }),
    }
  }

  [attributeOf](name: string): unknown {
    if (name === '_message') return this._message
    if (name === 'code') return this.code ?? null
    return name === 'rows_affected' ? (this.rows_affected ?? null) : undefined
  }

  [itemOf](key: unknown): unknown {
    return this[attributeOf](String(key))
  }

  toString(): string {
    return this._message
  }

  [reprOf](): string {
    const { _message: message, code, rows_affected: rows } = this
    return `AdapterResponse(_message=${reprOfValue(message)}, code=${reprOfValue(code ?? null)}, rows_affected=${reprOfValue(rows ?? null)})`
  }
}

/** PostgreSQL's command tag says what was done; DuckDB says nothing, and dbt says OK for it. */
export function responseOf({ commandTag, rows, rowsChanged }: QueryResult): AdapterResponse {
  if (commandTag === undefined) return new AdapterResponse('OK', { rowsWritten: rowsChanged })
  const words = commandTag.split(' ')
  const code = words.filter((word) => !/^\d+$/u.test(word)).join(' ')
  const counted = /^\d+$/u.test(words.at(-1) ?? '') ? Number(words.at(-1)) : undefined
  const rowsAffected = counted ?? (rows.length > 0 ? rows.length : rowsChanged === 0 ? -1 : rowsChanged)
  return new AdapterResponse(commandTag, { code, rowsAffected })
}
