import { formatType, text } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { compilationError } from '../engine/sql-error.ts'
import type { FunctionRule } from './function-rule.ts'
import type { RuleTable } from './scalar-rule.ts'
import { quote } from './sql-text.ts'

/** In how many bytes Snowflake keeps a number of so many digits, or as what it keeps anything else. */
function storageOf(type: SqlType): string {
  switch (type.name) {
    case 'NUMBER': {
      const bytes = [2, 4, 9, 18].findIndex((digits) => type.precision <= digits)
      return `SB${bytes < 0 ? 16 : 2 ** bytes}`
    }
    case 'FLOAT':
      return 'DOUBLE'
    case 'BOOLEAN':
      return 'SB1'
    case 'DATE':
      return 'SB4'
    case 'TIME':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
      return 'SB8'
    case 'TIMESTAMP_TZ':
      return 'SB16'
    default:
      return 'LOB'
  }
}

const typeOf: FunctionRule = {
  kind: 'scalar',
  arity: [1, 1],
  translate: ({ arguments: [value] }) => {
    const type: SqlType = value?.type ?? { name: 'NULL' }
    const name = type.name === 'NULL' ? 'NULL' : formatType(type)
    return { sql: quote(`${name}[${storageOf(type)}]`), type: text() }
  },
}

const secondsByUnit: Readonly<Record<string, number>> = {
  DAYS: 86_400,
  HOURS: 3600,
  MINUTES: 60,
  SECONDS: 1,
  MILLISECONDS: 0.001,
}

/** Waits before the statement runs, for as long as a constant says. */
const wait: FunctionRule = {
  kind: 'scalar',
  arity: [1, 2],
  words: [1],
  translate: ({ arguments: [amount, unit] }, context) => {
    const word = (unit?.literal ?? 'SECONDS').toUpperCase()
    const seconds = Number(amount?.literal) * (secondsByUnit[word] ?? Number.NaN)
    if (!(seconds >= 0))
      throw compilationError('001044', '42P13', 'SYSTEM$WAIT needs a constant amount and a unit of time.')
    context.wait?.(seconds)
    return { sql: quote(`waited ${amount?.literal ?? '0'} ${word.toLowerCase()}`), type: text() }
  },
}

const cancelQuery: FunctionRule = {
  kind: 'scalar',
  arity: [1, 1],
  translate: ({ arguments: [id] }, context) => {
    const queryId = id?.literal ?? ''
    const isRunning = (context.cancel?.({ queryId }) ?? 0) > 0
    const said = isRunning ? `query [${queryId}] terminated.` : 'Identified SQL statement is not currently executing.'
    return { sql: quote(said), type: text() }
  },
}

const cancelAllQueries: FunctionRule = {
  kind: 'scalar',
  arity: [1, 1],
  translate: ({ arguments: [id] }, context) => {
    const count = context.cancel?.({ sessionId: id?.literal ?? '' }) ?? 0
    return { sql: quote(`${count} queries cancelled.`), type: text() }
  },
}

/** Only the transaction ends here: the session itself may log in anew, as one may that was never aborted. */
const abortSession: FunctionRule = {
  kind: 'scalar',
  arity: [1, 1],
  translate: ({ arguments: [id] }, context) => {
    const sessionId = id?.literal ?? ''
    const isThere = context.abortSession?.(sessionId) ?? false
    const said = isThere ? `session [${sessionId}] terminated.` : `session [${sessionId}] does not exist.`
    return { sql: quote(said), type: text() }
  },
}

export const systemFunctions: RuleTable = {
  SYSTEM$ABORT_SESSION: abortSession,
  SYSTEM$CANCEL_QUERY: cancelQuery,
  SYSTEM$CANCEL_ALL_QUERIES: cancelAllQueries,
  SYSTEM$TYPEOF: typeOf,
  SYSTEM$WAIT: wait,
}
