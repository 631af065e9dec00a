import type { ResultColumn, SqlFault } from '../engine/statement.ts'

/** The envelope that all JSON answers of Snowflake have; the HTTP status is 200 also for failures of SQL and logins. */
export interface Answer {
  readonly success: boolean
  readonly code: string | null
  readonly message: string | null
  readonly data: unknown
}

export function succeed(data: unknown = null, code: string | null = null): Answer {
  return { success: true, code, message: null, data }
}

export function refuse({ code, message }: { readonly code: string; readonly message: string }): Answer {
  return { success: false, code, message, data: null }
}

export function failStatement({ code, sqlState, message }: SqlFault, queryId: string): Answer {
  const type = /compilation error/i.test(message) ? 'COMPILATION' : 'EXECUTION'
  return {
    success: false,
    code,
    message,
    data: { internalError: false, errorCode: code, age: 0, sqlState, queryId, line: -1, pos: -1, type },
  }
}

/** A column in the answer's `rowtype`. */
export function describeColumn(column: ResultColumn): Record<string, unknown> {
  return {
    name: column.name,
    database: '',
    schema: '',
    table: '',
    nullable: column.nullable,
    type: column.type,
    precision: column.precision ?? defaultPrecision(column),
    scale: column.scale ?? defaultScale(column),
    length: column.length ?? defaultLength(column),
    byteLength: column.byteLength ?? defaultLength(column),
    collation: null,
  }
}

function defaultPrecision({ type }: ResultColumn): number | null {
  if (type === 'fixed') return 38
  return type === 'time' || type.startsWith('timestamp') ? 0 : null
}

export function defaultScale({ type }: Pick<ResultColumn, 'type'>): number | null {
  if (type === 'fixed') return 0
  return type === 'time' || type.startsWith('timestamp') ? 9 : null
}

function defaultLength({ type }: ResultColumn): number | null {
  if (type === 'text') return 16_777_216
  return type === 'binary' ? 8_388_608 : null
}
