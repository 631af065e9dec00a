import type { SessionStatement, Statement } from './ast-statement.ts'
import type { Call } from './ast-expression.ts'
import type { Query } from './ast-query.ts'
import { parseCall } from './parse-call.ts'
import { grantableKinds } from './parse-grant.ts'
import { parseOptions } from './parse-option.ts'
import type { TokenReader } from './token-reader.ts'

export function parseUse(reader: TokenReader): SessionStatement {
  const object =
    reader.takeOneOf(['DATABASE', 'SCHEMA', 'ROLE', 'WAREHOUSE', 'SECONDARY ROLES'] as const) ??
    (reader.isSymbol('.', 1) ? 'SCHEMA' : 'DATABASE')
  return { kind: 'use', object, name: reader.objectName() }
}

/** After ALTER SESSION. */
export function parseAlterSession(reader: TokenReader): SessionStatement {
  if (reader.takeWords('UNSET')) {
    return { kind: 'alterSession', set: new Map(), unset: reader.list(() => reader.identifier()) }
  }
  reader.expectWords('SET')
  return { kind: 'alterSession', set: parseOptions(reader), unset: [] }
}

/** `SET a = 1` and `SET (a, b) = (1, 2)`. */
export function parseSet(reader: TokenReader): SessionStatement {
  const several = reader.isSymbol('(')
  const names = several ? reader.bracketed(() => reader.identifier()) : [reader.identifier()]
  reader.expectSymbol('=')
  const values = several ? reader.bracketed(() => reader.expression()) : [reader.expression()]
  return { kind: 'setVariables', names, values }
}

export function parseUnset(reader: TokenReader): SessionStatement {
  const names = reader.isSymbol('(') ? reader.bracketed(() => reader.identifier()) : [reader.identifier()]
  return { kind: 'unsetVariables', names }
}

export function parseDescribe(reader: TokenReader): SessionStatement {
  if (reader.takeWords('RESULT')) return { kind: 'describeResult', queryId: reader.expression() }
  const object = reader.takeOneOf(grantableKinds) ?? 'TABLE'
  const name = reader.objectName()
  if (reader.takeWords('TYPE')) {
    reader.expectSymbol('=')
    reader.expectOneOf(['COLUMNS', 'STAGE'])
  }
  return { kind: 'describe', object, name, stage: undefined }
}

export function parseExplain(reader: TokenReader, statement: (reader: TokenReader) => Statement): SessionStatement {
  const form = reader.takeWords('USING') ? reader.expectOneOf(['TABULAR', 'TEXT', 'JSON'] as const) : 'TABULAR'
  return { kind: 'explain', query: statement(reader), form }
}

export function parseExecute(reader: TokenReader): SessionStatement {
  if (reader.takeWords('IMMEDIATE')) return { kind: 'executeImmediate', text: reader.expression() }
  const kind = reader.expectOneOf(['TASK', 'ALERT'])
  return { kind: kind === 'TASK' ? 'executeTask' : 'executeAlert', name: reader.objectName() }
}

/** A function of the system may be called as a procedure: `CALL SYSTEM$WAIT(2)`. */
export function parseCallStatement(reader: TokenReader): Statement {
  const { parts, at } = reader.objectName()
  const call = parseCall(reader, parts, at)
  return call.name.startsWith('SYSTEM$') ? selectOf(call) : { kind: 'call', call }
}

function selectOf(call: Call): Query {
  return {
    kind: 'query',
    with: [],
    body: {
      kind: 'select',
      distinct: false,
      top: undefined,
      items: [{ kind: 'expression', expression: call, alias: call.name, text: call.name }],
      from: undefined,
      where: undefined,
      groupBy: undefined,
      having: undefined,
      qualify: undefined,
    },
    orderBy: [],
    orderByAll: false,
    limit: undefined,
    offset: undefined,
  }
}
